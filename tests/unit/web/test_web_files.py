"""Files to and from a customer: only while a person serves, checked, seen by nobody else."""

from __future__ import annotations

import io
import itertools
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import quote, urlsplit

import httpx
import pytest
from PIL import Image

from tenin.channels import uploads
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.sent_files import HTML, PDF, SCRIPT, SECRET, SVG, bomb, colours, picture
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.persons import take
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

NOBODY = "0" * 32
MEGABYTE = 1_000_000


def send(
    customer: Customer, data: bytes, name: str = "photo.jpg", key: str | None = None
) -> httpx.Response:
    headers = {"idempotency-key": key or uuid.uuid4().hex, "x-file-name": quote(name)}
    return customer.http.post("/chat/files", content=data, headers=headers)


def sent(customer: Customer, data: bytes, name: str = "photo.jpg") -> dict[str, object]:
    """Send a file that must be taken; its card."""
    answer = send(customer, data, name)
    assert answer.status_code == 202, answer.text
    [line] = [line for line in customer.lines() if line["id"] == answer.json()["line"]]
    [card] = line["cards"]
    assert isinstance(card, dict)
    return card


def may_send(customer: Customer) -> tuple[list[str], int]:
    """The types that are taken now, and how many more files."""
    told = customer.http.get("/chat/files").json()
    return told["types"], told["left"]


def begin(site: Site, mei: DeskAgent) -> tuple[Customer, str]:
    """A customer whom Mei serves."""
    customer = site.customer()
    customer.send(text="A person, please")
    conversation_id = site.answer("One moment", wanted="asked")
    mei.take(conversation_id)
    return customer, conversation_id


@pytest.fixture
def served(site: Site, mei: DeskAgent) -> Customer:
    """A customer whom Mei serves."""
    return begin(site, mei)[0]


@pytest.fixture
def slow_hand(site: Site, served: Customer) -> Iterator[socket.socket]:
    """A connection to send a body by hand."""
    url = urlsplit(site.url)
    with closing(socket.create_connection((url.hostname, url.port), timeout=20)) as connection:
        yield connection


def head(customer: Customer, *more: str) -> bytes:
    lines = [
        "POST /chat/files HTTP/1.1",
        "host: tenin",
        f"authorization: Bearer {customer.token}",
        f"idempotency-key: {uuid.uuid4().hex}",
        "x-file-name: photo.jpg",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_both_see_a_photo_by_their_streams(site: Site, mei: DeskAgent) -> None:
    customer, conversation_id = begin(site, mei)
    customer_stream, desk_stream = site.stream(customer), site.stream(mei)
    answer = send(customer, picture(), "傷んだ箱.jpg", key="the-photo")
    assert answer.status_code == 202
    number = answer.json()["line"]
    customer_stream.wait(lambda s: any(line["id"] == number for line in s.lines()))
    line = customer_stream.lines()[-1]
    assert (line["author"], line["text"], line["key"]) == ("customer", "", "the-photo")
    [card] = line["cards"]
    assert (card["type"], card["name"], card["media_type"]) == (
        "file",
        "傷んだ箱.jpg",
        "image/jpeg",
    )
    assert (card["width"], card["height"]) == (64, 48)
    desk_stream.wait(lambda s: any(conversation_id in str(event.data) for event in s.events))
    seen = mei.look(conversation_id)
    assert seen["lines"][-1]["cards"] == [card]
    assert seen["last"]["text"] == "傷んだ箱.jpg"

    got = customer.http.get(f"/chat/files/{card['id']}")
    assert got.status_code == 200
    assert len(got.content) == card["size"]
    assert colours(got.content)[:2] == ["red", "blue"]


def test_how_a_file_is_given_out(site: Site, served: Customer) -> None:
    photo = sent(served, picture("PNG"), "box.png")
    slip = sent(served, PDF, "返品 票.pdf")
    note = sent(served, "一行目".encode(), "note.txt")
    shown = {
        str(photo["id"]): ("image/png", "inline; filename*=UTF-8''box.png"),
        str(slip["id"]): (
            "application/pdf",
            f"attachment; filename*=UTF-8''{quote('返品 票.pdf')}",
        ),
        str(note["id"]): ("text/plain; charset=utf-8", "attachment; filename*=UTF-8''note.txt"),
    }
    for file_id, (media_type, disposition) in shown.items():
        headers = served.http.get(f"/chat/files/{file_id}").headers
        assert headers["content-type"] == media_type
        assert headers["content-disposition"] == disposition
        assert headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "private, no-store"


def test_what_may_be_sent_is_told(site: Site, served: Customer) -> None:
    sent(served, picture())
    told = served.http.get("/chat/files").json()
    assert told["max_bytes"] == 10 * MEGABYTE
    assert told["left"] == 19
    assert "image/jpeg" in told["types"]
    assert ".pdf" in told["endings"]
    assert "text/html" not in told["types"]


def test_nothing_hidden_in_a_photo_gets_through(site: Site, served: Customer) -> None:
    card = sent(served, picture(exif=True) + SCRIPT)
    kept = served.http.get(f"/chat/files/{card['id']}").content
    assert SECRET not in kept
    assert SCRIPT not in kept
    with Image.open(io.BytesIO(kept)) as opened:
        assert opened.size == (48, 64)


@pytest.mark.parametrize(
    ("data", "name", "status", "code"),
    [
        pytest.param(b"", "photo.png", 422, "file_empty", id="empty"),
        pytest.param(HTML, "photo.png", 415, "file_type", id="html named png"),
        pytest.param(SVG, "logo.svg", 415, "file_type", id="svg"),
        pytest.param(bomb(), "photo.png", 422, "image_too_large", id="bomb"),
        pytest.param(picture()[:400], "photo.jpg", 422, "file_damaged", id="half a jpeg"),
        pytest.param(b"\0" * (10 * MEGABYTE + 1), "a.txt", 413, "file_too_large", id="too large"),
    ],
)
def test_what_is_refused(
    site: Site, served: Customer, data: bytes, name: str, status: int, code: str
) -> None:
    headers = {"idempotency-key": "a-key", "x-file-name": name}
    with refused(site, status, code, served.http) as post:
        post("POST", "/chat/files", content=data, headers=headers)


@pytest.mark.parametrize(
    "name", [None, "", "%ff%fe.png", "a" * 2001], ids=["none", "empty", "bytes", "long"]
)
def test_a_file_needs_a_name(site: Site, served: Customer, name: str | None) -> None:
    headers = {"idempotency-key": "a-key"} | ({} if name is None else {"x-file-name": name})
    with refused(site, 400, "bad_file_name", served.http) as post:
        post("POST", "/chat/files", content=picture(), headers=headers)


def test_a_file_needs_a_session_and_a_key(site: Site, served: Customer) -> None:
    name = {"x-file-name": "a.jpg"}
    with refused(site, 401, "no_session") as post:
        post("POST", "/chat/files", content=picture(), headers=name)
        post("GET", "/chat/files")
        post("GET", f"/chat/files/{NOBODY}", headers={"authorization": "Bearer of-nobody"})
    with refused(site, 400, "no_idempotency_key", served.http) as post:
        post("POST", "/chat/files", content=picture(), headers=name)


def test_a_name_is_kept_without_its_tricks(site: Site, served: Customer) -> None:
    assert sent(served, picture(), "../../etc/passwd\0.jpg")["name"] == "passwd.jpg"
    assert sent(served, picture("PNG"), "x\u202egnp.exe")["name"] == "xgnp.exe.png"


def test_the_bot_and_the_queue_take_no_files(site: Site, customer: Customer) -> None:
    headers = {"idempotency-key": "a-key", "x-file-name": "a.jpg"}
    for owner in ("bot", "queue"):
        if owner == "queue":
            customer.send(text="A person, please")
            site.answer("One moment", wanted="asked")
        with refused(site, 409, "no_person_serves", customer.http) as ask:
            ask("POST", "/chat/files", content=picture(), headers=headers)
        assert may_send(customer) == ([], 0)


def test_no_files_to_people_of_another_desk(site: Site, customer: Customer) -> None:
    customer.send(text="A person, please")
    conversation_id = site.answer("One moment", wanted="asked")
    take(site, conversation_id, "chatwoot:7")  # who has no account at our desk
    assert may_send(customer) == ([], 0)
    assert_error(send(customer, picture()), 409, "no_person_serves")


def test_a_shop_may_take_no_files(make_site: SiteMaker) -> None:
    site = make_site(CHAT_FILE_TYPES="")
    customer, _ = begin(site, site.agent())
    assert may_send(customer) == ([], 0)
    assert_error(send(customer, picture()), 409, "no_person_serves")


def test_the_shop_sets_types_size_and_number(make_site: SiteMaker) -> None:
    site = make_site(CHAT_FILE_TYPES="png", CHAT_MAX_FILE_MEGABYTES="0.01", CHAT_MAX_FILES=2)
    customer, _ = begin(site, site.agent())
    assert customer.http.get("/chat/files").json() == {
        "types": ["image/png"],
        "endings": [".png"],
        "max_bytes": 10_000,
        "left": 2,
    }
    assert_error(send(customer, picture("JPEG")), 415, "file_type")
    assert_error(send(customer, b"\0" * 10_001), 413, "file_too_large")
    for _ in range(2):
        sent(customer, picture("PNG"))
    assert_error(send(customer, picture("PNG")), 409, "too_many_files")
    assert may_send(customer) == (["image/png"], 0)


def test_all_files_together_are_bounded(make_site: SiteMaker) -> None:
    site = make_site(CHAT_ALL_FILES_MEGABYTES="0.001")
    mei = site.agent()
    customer, _ = begin(site, mei)
    while (answer := send(customer, picture("PNG"))).status_code == 202:
        assert len(customer.lines()) < 30
    assert_error(answer, 409, "no_room_for_files")
    assert_error(send(begin(site, mei)[0], picture("JPEG")), 409, "no_room_for_files")


def test_a_file_sent_again_is_one(site: Site, served: Customer) -> None:
    first = send(served, picture(), key="a-key")
    again = send(served, picture(), key="a-key")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    with ThreadPoolExecutor(3) as pool:
        rest = list(pool.map(lambda _: send(served, picture("PNG"), key="another"), range(3)))
    assert sorted(answer.status_code for answer in rest) == [200, 200, 202]
    assert len(site.rows()["stored_file"]) == len(site.rows()["file_content"]) == 2


def test_nobody_elses_file_is_given_out(site: Site, mei: DeskAgent) -> None:
    one, _ = begin(site, mei)
    other, _ = begin(site, mei)
    card = sent(one, picture())
    theirs = other.http.get(f"/chat/files/{card['id']}")
    absent = other.http.get(f"/chat/files/{NOBODY}")
    assert_error(theirs, 404, "no_such_file")
    assert theirs.content == absent.content
    with refused(site, 404, "no_such_file", other.http) as ask:
        for named in ("1", "%20", NOBODY.upper() + "F", str(card["id"]) + "0"):
            ask("GET", f"/chat/files/{named}")


def test_a_file_outlives_the_service(site: Site, mei: DeskAgent) -> None:
    customer, conversation_id = begin(site, mei)
    card = sent(customer, picture())
    mei.hand_back(conversation_id)
    assert customer.http.get(f"/chat/files/{card['id']}").status_code == 200
    assert_error(send(customer, picture()), 409, "no_person_serves")


def test_a_body_that_breaks_off_leaves_nothing(
    site: Site, served: Customer, slow_hand: socket.socket
) -> None:
    before = site.rows()["line"]
    slow_hand.sendall(head(served, "content-length: 5000") + picture()[:400])
    slow_hand.shutdown(socket.SHUT_WR)
    time.sleep(0.5)
    assert site.rows()["stored_file"] == []
    assert site.rows()["line"] == before
    assert sent(served, picture())["name"] == "photo.jpg"


def test_a_body_longer_than_its_length_leaves_nothing(
    site: Site, served: Customer, slow_hand: socket.socket
) -> None:
    photo = picture("PNG", (400, 300))
    slow_hand.sendall(head(served, f"content-length: {len(photo) - 300}") + photo)
    assert slow_hand.recv(4096).startswith(b"HTTP/1.1 4")
    assert site.rows()["stored_file"] == []


def test_an_endless_body_is_cut_early(
    site: Site, served: Customer, slow_hand: socket.socket
) -> None:
    """Without a length, 100 MB are let in only as far as a file may go."""
    slow_hand.sendall(head(served, "transfer-encoding: chunked"))
    chunk = b"%x\r\n" % 65_536 + b"\0" * 65_536 + b"\r\n"
    went = 0
    try:
        for _ in range(100 * MEGABYTE // 65_536):
            slow_hand.sendall(chunk)
            went += 65_536
    except (ConnectionError, TimeoutError):
        pass
    assert went < 30 * MEGABYTE  # what lies in buffers is not read
    assert site.rows()["stored_file"] == []
    assert sent(served, picture())["name"] == "photo.jpg"


def test_a_length_too_large_is_refused_unread(
    site: Site, served: Customer, slow_hand: socket.socket
) -> None:
    slow_hand.sendall(head(served, f"content-length: {100 * MEGABYTE}"))
    assert slow_hand.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_slow_body_holds_up_nobody(
    site: Site, served: Customer, slow_hand: socket.socket
) -> None:
    """While a body comes the database is not held, and the rest of it still counts."""
    photo = picture("PNG", (400, 300))
    slow_hand.sendall(head(served, f"content-length: {len(photo)}") + photo[:100])
    time.sleep(0.2)
    began = time.monotonic()
    served.send(text="still here")
    assert time.monotonic() - began < 2
    slow_hand.sendall(photo[100:])
    assert slow_hand.recv(4096).startswith(b"HTTP/1.1 202")


def test_one_who_stops_in_the_middle_is_not_waited_for(
    site: Site, served: Customer, slow_hand: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_SECONDS", 0.3)
    slow_hand.sendall(head(served, "content-length: 5000") + picture()[:100])
    assert slow_hand.recv(4096).startswith(b"HTTP/1.1 400")


NO_FILE = b"\x00 no kind that is taken"


def test_one_conversation_has_so_many_bodies_on_their_way(
    site: Site, served: Customer, mei: DeskAgent
) -> None:
    url = urlsplit(site.url)
    begun = []
    for _ in range(uploads.MOST_OF_ONE):
        connection = socket.create_connection((url.hostname, url.port), timeout=20)
        connection.sendall(head(served, "content-length: 5000") + b"\xff")
        begun.append(connection)
    try:
        deadline = time.monotonic() + 10
        while uploads._coming.total() < uploads.MOST_OF_ONE:  # a try would take a place itself
            assert time.monotonic() < deadline
            time.sleep(0.05)
        answer = send(served, NO_FILE)
        assert_error(answer, 503, "busy_with_files")
        assert sent(begin(site, mei)[0], picture())["name"] == "photo.jpg"
    finally:
        for connection in begun:
            connection.close()
    deadline = time.monotonic() + 10
    for _ in itertools.takewhile(lambda _: time.monotonic() < deadline, itertools.count()):
        if send(served, NO_FILE).status_code != 503:
            return
        time.sleep(0.05)
    raise AssertionError("the places are never free again")
