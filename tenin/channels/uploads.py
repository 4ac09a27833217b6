"""Files that a customer sends while a person serves, and files given out again.

The body is read and checked before the database is written to: nobody waits for somebody's slow
line. What the desk does with files (`tenin.desk.files`) goes by the same functions.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from urllib.parse import quote, unquote_to_bytes

from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenin.channels.limits import limit_uploads
from tenin.channels.sessions import conversation_of
from tenin.conversation.file_checks import ENDINGS, KINDS, CheckedFile, FileRefused, check_file
from tenin.conversation.files import (
    INLINE,
    Content,
    FileNotTaken,
    Kept,
    Room,
    files_left,
    keep_customers,
    known_line,
    read_content,
)
from tenin.conversation.models import Author, Conversation
from tenin.desk.models import Agent
from tenin.services import Services, services_of
from tenin.settings import ChatSettings
from tenin.web import Problem, client_address, idempotency_key, problem_response

NAME_HEADER = "x-file-name"
LONGEST_NAME_HEADER = 2000  # percent-encoded
FILE_ID = re.compile(r"[0-9a-f]{32}")
BODY_SECONDS = 300.0
CHUNK_SECONDS = 30.0
MOST_AT_ONCE = 16  # bodies in memory; each is at most as large as a file may be
MOST_OF_ONE = 3
Endpoint = Callable[[Request], Awaitable[Response]]
# Nothing in a file may run, or be anything but what it was found to be.
HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-store",
}
WORDS = {
    "file_empty": (422, "The file is empty.", "Choose another file."),
    "file_type": (
        415,
        "The file is, by its content, none of the types that are taken.",
        "Send a picture (JPEG, PNG, WebP), a PDF, or a .txt in UTF-8, as GET /chat/files lists.",
    ),
    "file_damaged": (422, "The file is damaged.", "Open it, save it again, and send that."),
    "image_too_large": (
        422,
        "The picture has too many pixels.",
        "Make it smaller, or send a part of it.",
    ),
    "file_too_large": (413, "The file is too large.", "Send a smaller one."),
    "no_person_serves": (
        409,
        "Files are taken while a person at the desk here serves.",
        "Ask for a person first; describe in words what is on it.",
    ),
    "too_many_files": (
        409,
        "As many files were sent in this conversation as may be.",
        "Describe the rest in words, or send it by mail.",
    ),
    "no_room_for_files": (
        409,
        "There is no room for files at the moment.",
        "Describe it in words; operators raise chat.all_files_megabytes, or erase old ones.",
    ),
    "busy_with_files": (503, "Too many files come at once.", "Try again in a moment."),
}

# One at a time, with a thread of its own: a large picture takes a hundred megabytes while it is
# looked at, and the threads that read for everybody are not to wait for it.
_checking = ThreadPoolExecutor(1, thread_name_prefix="files")
_coming: Counter[str] = Counter()


def with_body(endpoint: Endpoint) -> Endpoint:
    """Make a refusal end the connection: what is still to come of a file is not read."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as error:
            answer = await problem_response(request, error)
            answer.headers["connection"] = "close"
            return answer

    if hasattr(endpoint, "needs"):  # as the desk's guard says it
        answered.needs = endpoint.needs  # type: ignore[attr-defined]
    return answered


async def what_may_be_sent(request: Request) -> Response:
    """`GET /chat/files`: the types and sizes that are taken now, and how many more.

    No types while nobody serves who would see a file.
    """
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    limits, left = limits_shown(services.settings.chat), 0
    try:
        left = await services.read(partial(_customers_left, conversation_id, services))
    except FileNotTaken as error:
        if error.code == "no_person_serves":
            limits |= {"types": [], "endings": []}
    return JSONResponse({**limits, "left": left}, headers={"cache-control": "no-store"})


async def send_file(request: Request) -> Response:
    """`POST /chat/files`: a file of the customer's becomes a line, once per Idempotency-Key."""
    limit_uploads(request)
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    key = idempotency_key(request)

    def look(session: Session) -> Kept | None:
        known = known_line(session, conversation_id, key)
        if known is None:
            _customers_left(conversation_id, services, session)
        return known

    known = await looked_at_first(request, services, look)
    if known is None:
        file = await checked_body(request, services, conversation_id)
        address = client_address(request, services.settings)

        def write(session: Session) -> Kept:
            room = room_of(services.settings.chat)
            return keep_customers(session, conversation_id, key, file, room, address)

        try:
            known = await services.write(write)
        except FileNotTaken as error:
            raise problem(error.code) from None
        services.hub.moved(conversation_id)
    return JSONResponse({"line": known.line_number}, status_code=202 if known.fresh else 200)


async def give_file(request: Request) -> Response:
    """`GET /chat/files/{id}`: a file of the session's own conversation."""
    services = services_of(request)
    conversation_id = await conversation_of(request, services)
    return await given(request, services, conversation_id)


routes = [
    Route("/chat/files", what_may_be_sent, methods=["GET"]),
    Route("/chat/files", with_body(send_file), methods=["POST"]),
    Route("/chat/files/{id}", give_file, methods=["GET"]),
]


def limits_shown(chat: ChatSettings) -> dict[str, object]:
    """What a page says, and checks, before it sends a file."""
    endings = [ENDINGS[kind][0] for kind in chat.file_types]
    types = [KINDS[kind] for kind in chat.file_types]
    return {"types": types, "endings": endings, "max_bytes": largest_of(chat)}


def largest_of(chat: ChatSettings) -> int:
    """Bytes that a file may have."""
    return int(chat.max_file_megabytes * 1_000_000)


def room_of(chat: ChatSettings) -> Room:
    """How much is kept of files."""
    return Room(chat.max_files, int(chat.all_files_megabytes * 1_000_000))


def problem(code: str) -> Problem:
    """Why a file isn't taken, as an answer."""
    status, message, remedy = WORDS[code]
    return Problem(status, code, message, remedy)


async def looked_at_first(
    request: Request, services: Services, look: Callable[[Session], Kept | None]
) -> Kept | None:
    """What is known before the body: that the file is there, or that none is taken now.

    A body of a size that could be taken is let by first, since a browser hears no answer to what
    it still sends.

    Raises:
        Problem: if none is taken now.
    """
    known, refusal = None, None
    try:
        known = await services.read(look)
        if known is None:
            return None
    except FileNotTaken as error:
        refusal = problem(error.code)
    except Problem as error:
        refusal = error
    largest = largest_of(services.settings.chat)
    if (_declared(request) or 0) <= largest:
        with suppress(Problem):
            async for _ in _chunks(request, largest):
                pass
    if refusal is not None:
        raise refusal
    return known


async def checked_body(request: Request, services: Services, whose: str) -> CheckedFile:
    """The file in the request's body, as it is to be kept.

    Raises:
        Problem: 400 without a name or if it breaks off, 413 as soon as it is too large, 415 or
            422 if it is nothing that is taken, 503 if too many come at once.
    """
    chat = services.settings.chat
    largest = largest_of(chat)
    name = file_name(request)
    if (_declared(request) or 0) > largest:
        raise problem("file_too_large")
    with _one_more(whose):
        body = bytearray()
        async for chunk in _chunks(request, largest):
            body += chunk
        work = partial(check_file, bytes(body), name, chat.file_types, largest)
        del body
        try:
            return await asyncio.get_running_loop().run_in_executor(_checking, work)
        except FileRefused as error:
            raise problem(error.code) from None


def file_name(request: Request) -> str:
    """The name that the sender's device has for the file.

    Raises:
        Problem: 400 if the header is missing or can't be read.
    """
    given = request.headers.get(NAME_HEADER, "")
    try:
        name = unquote_to_bytes(given).decode("utf-8")
    except UnicodeError:
        name = ""
    if not name or len(given) > LONGEST_NAME_HEADER or not given.isascii():
        raise Problem(
            400,
            "bad_file_name",
            "The header X-File-Name is missing, too long, or not of the form expected.",
            "Send the file's name in UTF-8, percent-encoded.",
        )
    return name


async def given(
    request: Request, services: Services, conversation_id: str | None = None
) -> Response:
    """A file as an answer that no browser takes for a page; only of that conversation, if named.

    Raises:
        Problem: 404 if there is none for the asker.
    """
    file_id = str(request.path_params["id"])
    found: Content | None = None
    if FILE_ID.fullmatch(file_id):
        found = await services.read(
            partial(read_content, file_id=file_id, conversation_id=conversation_id)
        )
    if found is None:
        raise Problem(
            404, "no_such_file", "There is no such file (any more).", "Ask for it to be sent again."
        )
    shown = "inline" if found.media_type in INLINE else "attachment"
    named = f"filename*=UTF-8''{quote(found.name, safe='')}"
    headers = {**HEADERS, "content-disposition": f"{shown}; {named}"}
    media_type = found.media_type
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return Response(found.data, headers=headers, media_type=media_type)


def serves_here(session: Session, conversation_id: str) -> bool:
    """Whether whoever serves sees files: another desk's people would only hear their names."""
    conversation = session.get(Conversation, conversation_id)
    return conversation is not None and session.get(Agent, conversation.agent_id or "") is not None


def _customers_left(conversation_id: str, services: Services, session: Session) -> int:
    chat = services.settings.chat
    if not chat.file_types or not serves_here(session, conversation_id):
        raise FileNotTaken("no_person_serves")
    return files_left(session, conversation_id, Author.CUSTOMER, room_of(chat))


def _declared(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else None


async def _chunks(request: Request, largest: int) -> AsyncIterator[bytes]:
    """The body as it comes, never more of it than `largest`, nor for longer than there is time."""
    loop, read = asyncio.get_running_loop(), 0
    until = loop.time() + BODY_SECONDS
    body = request.stream()
    try:
        while True:
            patience = min(CHUNK_SECONDS, until - loop.time())
            try:
                chunk = await asyncio.wait_for(anext(body), patience)
            except StopAsyncIteration:
                return
            read += len(chunk)
            if read > largest:
                raise problem("file_too_large")
            yield chunk
    except (ClientDisconnect, asyncio.TimeoutError):
        raise Problem(400, "disconnected", "The request broke off.", "Send it again.") from None


@contextmanager
def _one_more(whose: str) -> Iterator[None]:
    """Hold one of the places for bodies that are on their way."""
    if _coming.total() >= MOST_AT_ONCE or _coming[whose] >= MOST_OF_ONE:
        raise problem("busy_with_files")
    _coming[whose] += 1
    try:
        yield
    finally:
        _coming[whose] -= 1
        if not _coming[whose]:
            del _coming[whose]
