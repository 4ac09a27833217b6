"""A real mail server for the tests, on a free loopback port, that fails in the way ordered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """The server; `received` are the mails it took, `answers` what the next ones get.

    An answer is an SMTP reply ("451 busy"), "slow" (longer than anybody waits), or "take and
    hang up" (the mail is taken, and the sender never hears of it); none: it is taken.
    """

    def __init__(self) -> None:
        """Nothing received yet."""
        self.received: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answers: list[str] = []
        self.recipient_answers: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, or not."""
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer == "slow":
            await asyncio.sleep(1.5)
            return "451 too late"
        if answer.startswith(("250", "take")):
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=default)
            assert isinstance(found, EmailMessage)
            self.received.append(found)
            self.envelopes.append(envelope)
        if answer.startswith("take"):
            assert server.transport is not None
            server.transport.abort()
        return answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let in whoever knows the word."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right")


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Open the server; closed afterwards."""
    handler = MailServer()
    handler.port = free_port()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=handler.port,
        authenticator=handler.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def free_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
