"""Notices: announcements that a lead writes and switches on and off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog

from cti.api.binding import Ask
from cti.api.errors import Problem, not_found
from cti.api.schemas import NoBody, NoQuery, NoticeAnswer, NoticeBody, NoticesAnswer
from cti.notices import NoticeBoard, NoticeRefused, NoticesNotKept, Posted, UnknownNotice
from ivr_flows.notices import Notice

log = structlog.get_logger(__name__)

VOICE_SECONDS = 10.0
"""The answer tells whether the texts have a voice; it waits no longer for one to be made."""


async def list_notices(ask: Ask[NoQuery, NoBody]) -> NoticesAnswer:
    return NoticesAnswer(notices=[_answer(posted) for posted in ask.services.notices.all()])


async def write(ask: Ask[NoQuery, NoticeBody]) -> NoticeAnswer:
    board, body = ask.services.notices, ask.body
    notice = Notice(
        id=ask.path("notice"),
        kind=body.kind,
        texts={str(language): text for language, text in body.texts.items()},
        areas=frozenset(body.areas),
        then=body.then,
        from_us=body.from_us or 0,
        until_us=body.until_us or 0,
    )
    answer = await _done(board, board.write(notice, ask.asker.user))
    log.info("notice written", notice=notice.id, by=ask.asker.user)
    return answer


async def switch_on(ask: Ask[NoQuery, NoBody]) -> NoticeAnswer:
    return await _switch(ask, on=True)


async def switch_off(ask: Ask[NoQuery, NoBody]) -> NoticeAnswer:
    return await _switch(ask, on=False)


async def remove(ask: Ask[NoQuery, NoBody]) -> NoticeAnswer:
    notice, by = ask.path("notice"), ask.asker.user
    board = ask.services.notices
    answer = await _done(board, board.remove(notice, by))
    log.info("notice removed", notice=notice, by=by)
    return answer


async def _switch(ask: Ask[NoQuery, NoBody], *, on: bool) -> NoticeAnswer:
    notice, by = ask.path("notice"), ask.asker.user
    board = ask.services.notices
    answer = await _done(board, board.switch(notice, on=on, by=by))
    log.info("notice switched", notice=notice, on=on, by=by)
    return answer


async def _done(board: NoticeBoard, change: Awaitable[Posted]) -> NoticeAnswer:
    try:
        posted = await change
    except UnknownNotice as error:
        raise not_found(str(error)) from error
    except NoticeRefused as error:
        raise Problem(409, "refused", error.why) from error
    except NoticesNotKept as error:
        raise Problem(503, "not-kept", str(error)) from error
    without_voice = 0
    if posted.on:
        try:
            async with asyncio.timeout(VOICE_SECONDS):
                without_voice = await board.voices(posted.notice)
        except TimeoutError:
            without_voice = len(posted.notice.texts)
    return _answer(posted, without_voice)


def _answer(posted: Posted, without_voice: int = 0) -> NoticeAnswer:
    notice = posted.notice
    return NoticeAnswer(
        notice=notice.id,
        kind=notice.kind,
        texts=dict(notice.texts),
        areas=sorted(notice.areas),
        then=notice.then,
        on=posted.on,
        from_us=notice.from_us or None,
        until_us=notice.until_us or None,
        changed_us=posted.changed_us,
        changed_by=posted.by,
        texts_without_voice=without_voice,
    )
