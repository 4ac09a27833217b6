"""Mail to customers: one for a notice, as it was worded, and never silently gone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from tenin.channels.email import message, send_waiting
from tenin.channels.mail_stop import read_token, stop_link
from tenin.clock import utcnow
from tenin.conversation import consent, delivery
from tenin.conversation.delivery import MailToSend
from tenin.conversation.models import MIGRATIONS, VERSION_TABLE, MailContent, OutboxRow
from tenin.conversation.notices import notify
from tenin.conversation.transcript import new_conversation
from tenin.database import make_engine, migrate, read_transaction, write_transaction
from tenin.language.languages import configured
from tenin.settings import Settings, load_settings
from tests.answers import is_wording_of, voice
from tests.mail_server import MailServer, free_port

ADDRESS = "lin.xiaoyu@shop.example"
UNVERIFIED = {"verify_signature": False, "verify_aud": False}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database."""
    engine = make_engine(f"sqlite:///{tmp_path}/tenin.db")
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    yield engine
    engine.dispose()


def settings_for(root: Path, port: int, public_url: str = "", **more: object) -> Settings:
    given = {"HOST": "127.0.0.1", "PORT": port, "TLS": "plain", "SENDER": "service@kodama.example"}
    environ = {f"TENIN_EMAIL_{name}": str(value) for name, value in {**given, **more}.items()}
    own = {"TENIN_SECRET": "s" * 40, "TENIN_WEB_PUBLIC_URL": public_url}
    return load_settings(root, {**own, **environ})


@pytest.fixture
def settings(tmp_path: Path, server: MailServer) -> Settings:
    """Settings that name the test's mail server."""
    return settings_for(tmp_path, server.port)


def noticed(engine: Engine, language: str = "en", agent: str = "Mei", key: str = "k") -> str:
    """A conversation whose customer wants mail, with a notice in it."""
    with write_transaction(engine) as session:
        conversation = str(new_conversation(session, "web", language).id)
        consent.give_consent(session, conversation, ADDRESS)
        notify(session, conversation, "utter_agent_joined", {"agent": agent}, voice(), key=key)
    return conversation


def state(engine: Engine, conversation: str) -> tuple[str, int, str | None]:
    with read_transaction(engine) as session:
        row = session.execute(
            select(OutboxRow).where(
                OutboxRow.conversation_id == conversation, OutboxRow.channel == "email"
            )
        ).scalar_one()
        return row.status, row.attempts, row.error


def due_now(engine: Engine) -> None:
    """Let the time of the next try come."""
    with write_transaction(engine) as session:
        session.execute(update(OutboxRow).values(available_at=utcnow() - timedelta(seconds=1)))


@pytest.mark.parametrize("language", configured().ready)
def test_a_notice_arrives_as_it_was_worded(
    engine: Engine, settings: Settings, server: MailServer, language: str
) -> None:
    conversation = noticed(engine, language, "小美")
    assert send_waiting(engine, settings, voice()) == [conversation]
    assert send_waiting(engine, settings, voice()) == []
    assert state(engine, conversation) == ("delivered", 1, None)
    [mail] = server.received
    assert (mail["From"], mail["To"]) == ("service@kodama.example", ADDRESS)
    assert server.envelopes[0].rcpt_tos == [ADDRESS]
    assert is_wording_of("utter_mail_subject", language, mail["Subject"])
    text = mail.get_content()
    assert mail.get_content_type() == "text/plain"
    assert "小美" in text
    assert "service@kodama.example" in text
    assert "{" not in text
    assert mail["Content-Language"] == language
    assert mail["Auto-Submitted"] == "auto-generated"
    assert abs(parsedate_to_datetime(mail["Date"]) - utcnow()) < timedelta(minutes=2)
    assert mail["Message-ID"].startswith("<outbox-")
    assert mail["Message-ID"].endswith("@kodama.example>")
    # Without a public URL there is no link, and the mail says how else to stop.
    assert mail["List-Unsubscribe"] is mail["List-Unsubscribe-Post"] is None
    assert "/mail/stop/" not in text


@pytest.mark.parametrize("language", configured().ready)
@pytest.mark.parametrize("base", ["https://chat.kodama.example", "http://10.0.0.5:8080/a/"])
def test_a_mail_says_how_to_stop_it(
    engine: Engine, tmp_path: Path, server: MailServer, language: str, base: str
) -> None:
    settings = settings_for(tmp_path, server.port, base)
    noticed(engine, language, key="first")
    noticed(engine, language, key="second")
    server.answers = ["451 busy"]
    send_waiting(engine, settings, voice())
    due_now(engine)
    send_waiting(engine, settings, voice())
    assert len(server.received) == 2
    links = []
    for mail, envelope in zip(server.received, server.envelopes, strict=True):
        header = mail["List-Unsubscribe"]
        link = header.strip("<>")
        assert header == f"<{link}>"
        assert link.startswith(f"{base.rstrip('/')}/mail/stop/")
        assert link in mail.get_content()
        # As it stands on the wire: in one piece, and not encoded as a text would be.
        assert isinstance(envelope.content, bytes)
        assert f"List-Unsubscribe: <{link}>\r\n".encode() in envelope.content
        one_click = "List-Unsubscribe=One-Click" if base.startswith("https") else None
        assert mail["List-Unsubscribe-Post"] == one_click
        # Whoever reads the link learns nobody's address.
        assert ADDRESS not in str(jwt.decode(link.rpartition("/")[2], options=UNVERIFIED))
        number = read_token(link.rpartition("/")[2], settings)
        assert number is not None
        assert link == stop_link(number, settings)
        links.append(link)
    assert len(set(links)) == 2


@pytest.mark.parametrize("answer", ["451 busy", "421 going down", "slow"])
def test_what_is_not_taken_now_is_tried_again(
    engine: Engine, tmp_path: Path, server: MailServer, answer: str
) -> None:
    settings = settings_for(tmp_path, server.port, TIMEOUT_SECONDS=0.5)
    conversation = noticed(engine)
    server.answers = [answer]
    assert send_waiting(engine, settings, voice()) == []
    status, attempts, error = state(engine, conversation)
    assert (status, attempts) == ("pending", 1)
    assert error
    assert ADDRESS not in error
    assert send_waiting(engine, settings, voice()) == []  # not yet
    assert server.received == []
    due_now(engine)
    assert send_waiting(engine, settings, voice()) == [conversation]
    assert state(engine, conversation) == ("delivered", 2, None)
    assert len(server.received) == 1


def test_a_mail_whose_receipt_was_lost_is_known_by_its_id(
    engine: Engine, settings: Settings, server: MailServer
) -> None:
    conversation, other = noticed(engine), noticed(engine, key="other")
    server.answers = ["take and hang up"]
    send_waiting(engine, settings, voice())
    due_now(engine)
    send_waiting(engine, settings, voice())
    assert {state(engine, each)[0] for each in (conversation, other)} == {"delivered"}
    ids = [mail["Message-ID"] for mail in server.received]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_nobody_answers_and_in_the_end_it_has_failed(engine: Engine, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, free_port(), ATTEMPTS=3)
    conversation = noticed(engine)
    for attempt in (1, 2):
        assert send_waiting(engine, settings, voice()) == []
        assert state(engine, conversation)[:2] == ("pending", attempt)
        due_now(engine)
    assert send_waiting(engine, settings, voice()) == [conversation]
    assert state(engine, conversation)[:2] == ("failed", 3)
    due_now(engine)
    assert send_waiting(engine, settings, voice()) == []


@pytest.mark.parametrize(("recipient", "data"), [("550 no such user", ""), ("", "554 never")])
def test_a_never_is_a_never(
    engine: Engine, settings: Settings, server: MailServer, recipient: str, data: str
) -> None:
    conversation = noticed(engine)
    server.recipient_answers = [recipient] if recipient else []
    server.answers = [data] if data else []
    assert send_waiting(engine, settings, voice()) == [conversation]
    status, attempts, error = state(engine, conversation)
    assert (status, attempts) == ("failed", 1)
    assert error
    assert ADDRESS not in error


def test_a_recipient_not_taken_now_is_tried_again(
    engine: Engine, settings: Settings, server: MailServer
) -> None:
    conversation = noticed(engine)
    server.recipient_answers = ["450 greylisted"]
    send_waiting(engine, settings, voice())
    assert state(engine, conversation) == ("pending", 1, "recipient refused: 450")


def test_a_server_that_only_listens_is_left(engine: Engine, tmp_path: Path) -> None:
    conversation = noticed(engine)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        send_waiting(engine, settings_for(tmp_path, port, TIMEOUT_SECONDS=0.3), voice())
    assert state(engine, conversation)[:2] == ("pending", 1)


@pytest.mark.parametrize(("password", "status"), [("right", "delivered"), ("wrong", "pending")])
def test_user_and_password(
    engine: Engine, tmp_path: Path, server: MailServer, password: str, status: str
) -> None:
    settings = settings_for(tmp_path, server.port, USER="tenin", PASSWORD=password)
    conversation = noticed(engine)
    send_waiting(engine, settings, voice())
    assert server.logins[0] == ("tenin", password)
    assert state(engine, conversation)[0] == status


def test_nothing_goes_in_the_clear_where_tls_is_wanted(
    engine: Engine, tmp_path: Path, server: MailServer
) -> None:
    for tls in ("starttls", "tls"):
        conversation = noticed(engine, key=tls)
        settings = settings_for(tmp_path, server.port, TLS=tls, TIMEOUT_SECONDS=0.5)
        send_waiting(engine, settings, voice())
        assert state(engine, conversation)[0] == "pending"
    assert server.received == []


def test_consent_withdrawn_meanwhile_holds_the_mail_back(
    engine: Engine, settings: Settings, server: MailServer
) -> None:
    conversation = noticed(engine)
    with write_transaction(engine) as session:
        consent.withdraw_consent(session, conversation)
    assert send_waiting(engine, settings, voice()) == []
    assert state(engine, conversation) == ("suppressed", 0, "consent withdrawn")
    assert server.received == []


def test_without_a_server_no_mail_waits_for_ever(engine: Engine, tmp_path: Path) -> None:
    conversation = noticed(engine)
    settings = load_settings(tmp_path, {"TENIN_SECRET": "s" * 40})
    assert send_waiting(engine, settings, voice()) == [conversation]
    assert state(engine, conversation) == ("suppressed", 1, "no mail server is set")


@pytest.mark.parametrize("agent", ["a\r\nBcc: x@evil.example\r\n\r\nhello", ".\r\nMAIL FROM:<x>"])
def test_values_stay_in_the_text(
    engine: Engine, settings: Settings, server: MailServer, agent: str
) -> None:
    noticed(engine, agent=agent)
    with write_transaction(engine) as session:  # as if a subject had held it, too
        session.execute(update(MailContent).values(subject=f"news {agent}"))
    send_waiting(engine, settings, voice())
    [mail] = server.received
    assert mail["Bcc"] is None
    assert mail["To"] == ADDRESS
    assert mail["Subject"].startswith("news")
    assert server.envelopes[0].rcpt_tos == [ADDRESS]
    assert server.envelopes[0].mail_from == "service@kodama.example"


def test_an_address_that_would_break_the_header_is_no_mail(settings: Settings) -> None:
    made: dict[str, Any] = {"language": "en", "subject": "s", "text": "t", "at": utcnow()}
    for address in ("a@b.example\r\nBcc: c@d.example", "a@b.example\nX: y"):
        with pytest.raises(ValueError, match="linefeed"):
            message(MailToSend(1, "c", 1, address, **made), settings, voice())


def test_two_senders_never_have_the_same_mail(engine: Engine) -> None:
    noticed(engine)
    first = delivery.claim_mail(engine, attempts=3)
    assert first is not None
    assert delivery.claim_mail(engine, attempts=3) is None
    later = delivery.claim_mail(engine, attempts=3, now=utcnow() + 2 * delivery.LEASE)
    assert later is not None
    assert (later.outbox_id, later.attempt) == (first.outbox_id, 2)
    # What the first, who was taken for dead, says now changes nothing.
    delivery.mail_failed(engine, first, "late", attempts=1)
    assert state(engine, later.conversation_id) == ("pending", 2, None)
    delivery.mail_delivered(engine, later)
    assert state(engine, later.conversation_id)[0] == "delivered"
