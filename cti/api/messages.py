"""Spoken messages: the list, their sound, and who has dealt with them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from pathlib import Path
from typing import Final, Literal

import structlog
from aiohttp import web

from cti.api.binding import Ask
from cti.api.errors import FieldError, Problem, not_found
from cti.api.message_port import MessageFilter, MessageKey, MessageView
from cti.api.message_schemas import MessageAnswer, MessagesAnswer, MessagesQuery
from cti.api.schemas import MAX_US, NoBody, NoQuery
from cti.api.wire import Sight

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "audio/wav"
_CHUNK: Final = 64 * 1024
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_CURSOR: Final = re.compile(r"([0-9]{1,16}):([1-9][0-9]{0,14})", re.ASCII)
_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{1,15})?|-([0-9]{1,15}))", re.ASCII)


def write_cursor(key: MessageKey) -> str:
    """A key as an opaque word that is safe in a URL."""
    raw = f"{key.left_at_us}:{key.id}".encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str) -> MessageKey:
    """Raises Problem 400 for anything that `write_cursor` has not written."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        match = _CURSOR.fullmatch(raw)
    except (binascii.Error, ValueError):
        match = None
    if match is None or int(match[1]) > MAX_US:
        wrong = FieldError("not a cursor of this list", parameter="cursor")
        raise Problem(400, "not-valid", "the query is not what is expected", errors=(wrong,))
    return MessageKey(int(match[1]), int(match[2]))


async def list_messages(ask: Ask[MessagesQuery, NoBody]) -> MessagesAnswer:
    query, sight = ask.query, Sight(ask.asker, "listMessages")
    found = await ask.services.messages.page(
        MessageFilter(box=query.box, state=query.state),
        before=read_cursor(query.cursor) if query.cursor else None,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    last = MessageKey(page[-1].left_at_us, page[-1].id) if len(found) > query.limit else None
    return MessagesAnswer(
        messages=[_answer(one, sight) for one in page],
        next=write_cursor(last) if last else None,
    )


async def get_message(ask: Ask[NoQuery, NoBody]) -> MessageAnswer:
    return _answer(await _message(ask), Sight(ask.asker, "getMessage"))


async def message_heard(ask: Ask[NoQuery, NoBody]) -> MessageAnswer:
    return await _move(ask, "heard")


async def message_done(ask: Ask[NoQuery, NoBody]) -> MessageAnswer:
    return await _move(ask, "done")


async def message_audio(ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
    """The sound, whole or the range asked for (RFC 9110, section 14). Who gets to hear it is
    written down first; when that cannot be, nothing is sent."""
    message = await _message(ask)
    file = await ask.services.messages.sound(message)
    if file is None:
        raise not_found("the sound of this message is gone")
    size = (await asyncio.to_thread(file.stat)).st_size
    start, end = byte_range(ask.request.headers.get("Range", ""), size)
    await ask.services.messages.note_play(message, ask.asker.user)
    log.info("message played", message=message.id, call=message.call, by=ask.asker.user)
    answer = web.StreamResponse(
        headers={
            "Content-Type": MEDIA_TYPE,
            "Accept-Ranges": "bytes",
            "Content-Length": str(end - start),
            "Content-Disposition": f'inline; filename="message-{message.id}.wav"',
        }
    )
    if (start, end) != (0, size):
        answer.set_status(206)
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    await answer.prepare(ask.request)
    for place in range(start, end, _CHUNK):
        await answer.write(await asyncio.to_thread(_read, file, place, min(_CHUNK, end - place)))
    await answer.write_eof()
    return answer


def byte_range(header: str, size: int) -> tuple[int, int]:
    """The bytes from and up to (not with) which are asked for. What is no single range of bytes
    counts as none. Raises Problem 416."""
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        return 0, size
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start = int(first)
        end = size if last is None else min(size, int(last) + 1)
        if last is not None and int(last) < start:
            return 0, size
    if start >= end:
        raise Problem(
            416,
            "no-such-range",
            "the sound is not that long",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _read(file: Path, place: int, count: int) -> bytes:
    with file.open("rb") as source:
        source.seek(place)
        return source.read(count)


async def _message(ask: Ask[NoQuery, NoBody]) -> MessageView:
    number = ask.path("message")
    found = None
    if _NUMBER.fullmatch(number):
        found = await ask.services.messages.get(int(number))
    if found is None:
        raise not_found("there is no such message")
    return found


async def _move(ask: Ask[NoQuery, NoBody], state: Literal["heard", "done"]) -> MessageAnswer:
    message, who = await _message(ask), ask.asker
    moved = await ask.services.messages.move(message.id, state, who.user)
    if moved is None:
        raise not_found("there is no such message")
    log.info("message", message=message.id, state=moved.state, by=who.user)
    return _answer(moved, Sight(who, "messageDone"))


def _answer(message: MessageView, sight: Sight) -> MessageAnswer:
    return MessageAnswer(
        message=message.id,
        call=message.call,
        box=message.box,
        caller_number=sight.number(message.caller_number),
        number_masked=not sight.numbers,
        customer=message.customer and sight.number(message.customer),
        left_us=message.left_at_us,
        duration_us=message.duration_us,
        size_bytes=message.size_bytes,
        sha256=message.sha256,
        state=message.state,
        handled_by=message.handled_by,
        handled_us=message.handled_at_us,
    )
