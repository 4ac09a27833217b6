"""The e-mail channel, outgoing only: notices, from the outbox to the operator's mail server.

The web tier runs `send_waiting` again and again beside its routes, off the event loop. A mail
keeps its Message-ID through all tries, so that one whose receipt was lost is known again.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.headerregistry import HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

from sqlalchemy.engine import Engine

from tenin.channels.continuing import continue_link
from tenin.channels.mail_stop import stop_link
from tenin.conversation import delivery
from tenin.conversation.delivery import MailToSend
from tenin.conversation.voice import Voice
from tenin.settings import EmailSettings, Settings

MOST_AT_ONCE = 20
FOREVER = range(500, 600)  # the receiver's "never", where 4xx is "not now"

logger = logging.getLogger(__name__)


class _Link(UniqueUnstructuredHeader):
    """A header that is one long link: folded as text it would be encoded, and no link any more."""

    def fold(self, *, policy: Policy) -> str:
        """The header in one line."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Link)  # type: ignore[arg-type]
POLICY = SMTP.clone(header_factory=_headers)


def send_waiting(engine: Engine, settings: Settings, voice: Voice) -> list[str]:
    """Send what waits in the outbox, some mails at most; blocks as long as the server takes.

    `voice` says at the foot of each how to stop them.

    Returns:
        The conversations whose mail came to an end, well or badly.
    """
    email, ended = settings.email, []
    after = timedelta(seconds=settings.notices.answer_mail_seconds)
    for _ in range(MOST_AT_ONCE):
        mail = delivery.claim_mail(engine, attempts=email.attempts, answers_after=after)
        if mail is None:
            break
        if not email.host:
            delivery.mail_suppressed(engine, mail, "no mail server is set")
            ended.append(mail.conversation_id)
            continue
        try:
            _send(message(mail, settings, voice), mail.address, settings)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            failed = _said(error)
            given_up = delivery.mail_failed(
                engine, mail, failed, attempts=email.attempts, for_good=_is_for_good(error)
            )
            logger.warning("mail %s was not taken: %s", mail.outbox_id, failed)
            if given_up:
                ended.append(mail.conversation_id)
        else:
            delivery.mail_delivered(engine, mail)
            ended.append(mail.conversation_id)
    return ended


def message(mail: MailToSend, settings: Settings, voice: Voice) -> EmailMessage:
    """The mail as it is sent; raises ValueError for what can't stand in a header.

    With a public URL it has a link that stops all mail, and the headers by which a mail program
    does so itself, of which RFC 8058 takes only HTTPS for one click.
    """
    sender, link = settings.email.sender, stop_link(mail.outbox_id, settings)
    made = EmailMessage(policy=POLICY)
    made["From"] = sender
    made["To"] = mail.address
    made["Subject"] = " ".join(mail.subject.split())
    made["Date"] = format_datetime(mail.at)
    made["Message-ID"] = message_id(mail.outbox_id, settings)
    made["Auto-Submitted"] = "auto-generated"
    if link is not None:
        made["List-Unsubscribe"] = f"<{link}>"
    if link is not None and link.startswith("https:"):
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(f"{_body(mail, settings, voice)}\n\n{_foot(mail, link, voice)}")
    made["Content-Language"] = mail.language  # it would have cleared what is named Content-…
    return made


def _body(mail: MailToSend, settings: Settings, voice: Voice) -> str:
    if not mail.is_answer:
        return mail.text
    link = continue_link(mail.conversation_id, mail.at, settings)
    key = "utter_answer_mail_body" if link is None else "utter_answer_mail_body_link"
    return voice.reply(key, mail.language, delivery.EMAIL, answer=mail.text, link=link or "").text


def _foot(mail: MailToSend, link: str | None, voice: Voice) -> str:
    if mail.is_answer:
        key = "utter_answer_mail_foot" if link is None else "utter_answer_mail_foot_link"
    else:
        key = "utter_mail_foot" if link is None else "utter_mail_foot_link"
    return voice.reply(key, mail.language, delivery.EMAIL, link=link or "").text


def message_id(outbox_id: int, settings: Settings) -> str:
    """The Message-ID of a row of the outbox: one per row and shop, the same at every try."""
    shop = hashlib.sha256(f"mail {settings.secret}".encode()).hexdigest()[:12]
    return f"<outbox-{outbox_id}.{shop}@{settings.email.sender.partition('@')[2]}>"


def _send(made: EmailMessage, address: str, settings: Settings) -> None:
    email = settings.email
    with _connected(email) as server:
        if email.user:
            server.login(email.user, settings.email_password or "")
        server.send_message(made, from_addr=email.sender, to_addrs=[address])


@contextmanager
def _connected(email: EmailSettings) -> Iterator[smtplib.SMTP]:
    patience = email.timeout_seconds
    if email.tls == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            email.host, email.port, timeout=patience, context=context
        )
    else:
        server = smtplib.SMTP(email.host, email.port, timeout=patience)
    try:
        if email.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        yield server
        # Taken is taken: what goes wrong in saying goodbye must not have it sent again.
        with _ignored():
            server.quit()
    finally:
        server.close()


@contextmanager
def _ignored() -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        logger.debug("goodbye to the mail server failed: %s", error)


def _is_for_good(error: Exception) -> bool:
    """Whether the receiver said never; a wrong password is ours to mend, so that is tried again."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in FOREVER for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code in FOREVER
    return isinstance(error, ValueError)


def _said(error: Exception) -> str:
    """What went wrong, without the customer's address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        return f"recipient refused: {', '.join(map(str, codes))}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: {error.smtp_code}"
    return f"{type(error).__name__}: {error.strerror if isinstance(error, OSError) else ''}"
