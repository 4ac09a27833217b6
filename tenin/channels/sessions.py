"""The web channel's sessions: an unguessable token is a browser's proof of its conversation.

A session may also be opened by a link in a mail (`tenin.channels.continuing`). Whoever has the mail
reads the conversation by it and goes on with it, but is nobody whom the shop has let in: such a
session and a signed-in customer never share a conversation.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import partial

from sqlalchemy import delete
from sqlalchemy.orm import Session
from starlette.requests import Request

from tenin.clock import utcnow
from tenin.conversation import identity
from tenin.conversation.models import WebSession
from tenin.services import Services
from tenin.web import Problem

TOKEN_BYTES = 32


def new_session(session: Session, conversation_id: str, *, by_link: bool = False) -> str:
    """Give a new token of a conversation; one by link ends what its customer may do as themselves.

    Raises:
        NoSuchConversation: if there is none of that id.
    """
    if by_link:
        identity.sign_out(session, conversation_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        WebSession(
            token_hash=token_hash(token),
            conversation_id=conversation_id,
            created_at=utcnow(),
            by_link=by_link,
        )
    )
    session.flush()
    return token


def signed_in(session: Session, conversation_id: str, own: str) -> None:
    """The shop has said who holds the session of the hash `own`: all others by link are over."""
    session.execute(
        delete(WebSession).where(
            WebSession.conversation_id == conversation_id,
            WebSession.by_link.is_(True),
            WebSession.token_hash != own,
        )
    )
    row = session.get(WebSession, own)
    if row is not None:
        row.by_link = False


async def conversation_of(request: Request, services: Services) -> str:
    """The conversation whose token the request carries.

    Raises:
        Problem: 401 if it carries none that is known.
    """
    found = await services.read(partial(find_conversation, token=token_hash(bearer(request))))
    if found is None:
        raise Problem(
            401,
            "no_session",
            "There is no chat session for this token.",
            "Begin a new one with POST /chat/session.",
        )
    return found


def find_conversation(session: Session, token: str) -> str | None:
    """The conversation of the session whose token has the hash `token`."""
    row = session.get(WebSession, token)
    return str(row.conversation_id) if row is not None else None


def bearer(request: Request) -> str:
    """The token that a request carries; empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
