"""The customer's rating: taken once, told in the stream, and refused for what it can't be of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.web.persons import served, take, wait_for
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site


def rated(site: Site, customer: Customer, body: dict[str, Any]) -> Any:
    return customer.http.post("/chat/rating", json=body)


@pytest.mark.parametrize(("word", "kept"), [(None, None), ("  ", None), (" 很好 ", "很好")])
def test_it_is_kept_and_told(
    site: Site, customer: Customer, word: str | None, kept: str | None
) -> None:
    conversation = site.conversation(customer).id
    handoff = served(site, conversation)
    [card] = customer.lines()[-1]["cards"]
    assert card == {"type": "rating", "handoff": handoff}
    stream = site.stream(customer)
    stream.wait_for_state(ratings={})
    body = {"handoff": handoff, "rating": 4, "word": word}
    assert rated(site, customer, body).status_code == 204
    stream.wait_for_state(ratings={str(handoff): 4})
    [row] = site.rows()["handoff"]
    assert (row["rating"], row["rating_word"]) == (4, kept)
    assert row["rated_at"] is not None
    assert is_wording_of("utter_rated", "en", stream.texts()[-1])
    assert site.stream(customer).wait_for_state(ratings={str(handoff): 4})


def test_once(site: Site, customer: Customer) -> None:
    conversation = site.conversation(customer).id
    handoff = served(site, conversation)
    assert rated(site, customer, {"handoff": handoff, "rating": 5}).status_code == 204
    before = site.rows()
    assert_error(rated(site, customer, {"handoff": handoff, "rating": 1}), 409, "rated_already")
    assert site.rows() == before


def test_what_it_cannot_be_of(site: Site, customer: Customer) -> None:
    other = site.customer()
    theirs = served(site, site.conversation(other).id)
    own = site.conversation(customer).id
    wait_for(site, own)
    running = take(site, own)
    for handoff in (theirs, running, 0, -1, 2**70, 999_999, None, "1", True, 1.0, [], {}):
        answer = rated(site, customer, {"handoff": handoff, "rating": 5})
        assert_error(answer, 404, "nothing_to_rate")
    assert [row["rating"] for row in site.rows()["handoff"]] == [None, None]


RATINGS = [0, 6, -1, 2**70, 4.5, "5", None, True, [5], {}]


def test_what_is_no_rating(site: Site, customer: Customer) -> None:
    handoff = served(site, site.conversation(customer).id)
    headers = {"authorization": f"Bearer {customer.token}"}
    for rating in RATINGS:
        with refused(site, 422, "bad_rating") as send:
            body = {"handoff": handoff, "rating": rating}
            send("POST", "/chat/rating", json=body, headers=headers)
    words = [("x" * 501, "text_too_long"), ("a\0b", "text_not_characters"), (7, "text_not_text")]
    for word, code in words:
        with refused(site, 422, code) as send:
            body = {"handoff": handoff, "rating": 3, "word": word}
            send("POST", "/chat/rating", json=body, headers=headers)
    body = {"handoff": handoff, "rating": 3, "word": "😀" * 500}
    assert rated(site, customer, body).status_code == 204
