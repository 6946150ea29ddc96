"""The board of notices: what is switched on now, kept in a file of the daemon's own.

A file and not the database: an emergency must stay on when the database is away, also over a
restart. Who switched what when is in the ledger (`NoticeSwitched`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog

from cti.errors import JietongError
from cti.facts import NoticeSwitched, Report
from cti.runtime.clock import Clock
from ivr_flows.notices import Notice

log = structlog.get_logger(__name__)

MOST_NOTICES: Final = 200
MOST_ON: Final = 20
LANGUAGES: Final = ("zh-CN", "en")
Change = Literal["switched", "written", "removed"]


class NoticeError(JietongError):
    """Base of what can be wrong with a notice."""


class UnknownNotice(NoticeError):
    """Field: `notice`."""

    def __init__(self, notice: str) -> None:
        self.notice = notice
        super().__init__(f"there is no notice {notice!r}")


class NoticeRefused(NoticeError):
    """Field: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class NoticesNotKept(NoticeError):
    """The file cannot be written; nothing has changed. Field: `file`."""

    def __init__(self, file: Path, error: OSError) -> None:
        self.file = file
        super().__init__(f"{file} cannot be written ({error.strerror or error}); nothing changed")


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A notice on the board. `on`: callers hear it. Times are microseconds since the epoch."""

    notice: Notice
    on: bool = False
    by: str = ""
    changed_us: int = 0


class NoticeBoard:
    """`areas` are those of the site. `tell` posts what happened; `speak` makes a text's sound
    (text, language) and returns how many could not be made."""

    def __init__(
        self,
        file: Path,
        areas: Iterable[str],
        clock: Clock,
        *,
        tell: Callable[[Report], None],
        speak: Callable[[Iterable[tuple[str, str]]], Awaitable[int]],
    ) -> None:
        self._file = file
        self._areas = frozenset(areas)
        self._clock = clock
        self._tell = tell
        self._speak = speak
        self._posted: dict[str, Posted] = {}
        self._active: tuple[Notice, ...] = ()
        self._changing = asyncio.Lock()
        self._making: set[asyncio.Future[int]] = set()

    def load(self) -> None:
        """Read what was on before. A file that cannot be read is put aside and reported: the
        hotline opens without notices rather than not at all."""
        try:
            content = self._file.read_bytes()
            posted = msgspec.json.decode(content, type=list[Posted])
            if not all(one.notice.texts for one in posted):
                raise msgspec.ValidationError("a notice without text")
        except FileNotFoundError:
            return
        except (OSError, UnicodeError, msgspec.DecodeError) as error:
            aside = self._file.with_suffix(".unreadable")
            log.error("notices unreadable, none is on", file=str(self._file), why=str(error))  # noqa: TRY400
            try:
                self._file.replace(aside)
            except OSError:
                log.exception("notices not put aside")
            return
        self._take({one.notice.id: one for one in posted})

    def all(self) -> tuple[Posted, ...]:
        """Every notice, those that are on first, the newest change first."""
        return tuple(sorted(self._posted.values(), key=lambda one: (not one.on, -one.changed_us)))

    def active(self) -> tuple[Notice, ...]:
        """Those that are switched on; whether their time has come is for the flow to see."""
        return self._active

    async def write(self, notice: Notice, by: str) -> Posted:
        """Create or change a notice; one that is on stays on. Raises NoticeRefused,
        NoticesNotKept."""
        self._check(notice)
        async with self._changing:
            before = self._posted.get(notice.id)
            if before is None and len(self._posted) >= MOST_NOTICES:
                raise NoticeRefused(f"there are {MOST_NOTICES} notices; remove one first")
            on = before is not None and before.on
            switched_us = before.notice.switched_us if before is not None else 0
            kept = replace(notice, switched_us=switched_us)
            return await self._change(kept, on=on, by=by, change="written")

    async def switch(self, notice_id: str, *, on: bool, by: str) -> Posted:
        """Switch on or off; the next caller hears it. Raises UnknownNotice, NoticeRefused,
        NoticesNotKept."""
        async with self._changing:
            posted = self._posted.get(notice_id)
            if posted is None:
                raise UnknownNotice(notice_id)
            now_us = self._clock.now_us()
            heard = [one for one in self._active if not one.until_us or now_us < one.until_us]
            if on and not posted.on and len(heard) >= MOST_ON:
                raise NoticeRefused(f"{MOST_ON} notices are on; switch one off first")
            notice = posted.notice
            if on and notice.until_us and notice.until_us <= now_us:
                raise NoticeRefused("its time is over; change `until_us` first")
            if on and not posted.on:
                notice = replace(notice, switched_us=now_us)
            return await self._change(notice, on=on, by=by, change="switched")

    async def remove(self, notice_id: str, by: str) -> Posted:
        """Forget it; the answer is what it was, switched off. Raises UnknownNotice,
        NoticesNotKept."""
        async with self._changing:
            posted = self._posted.get(notice_id)
            if posted is None:
                raise UnknownNotice(notice_id)
            left = {name: one for name, one in self._posted.items() if name != notice_id}
            await self._keep(left)
            self._report(posted.notice, on=False, by=by, change="removed")
            return Posted(notice=posted.notice, by=by, changed_us=self._clock.now_us())

    def _check(self, notice: Notice) -> None:
        """Raises NoticeRefused."""
        unknown = sorted(notice.areas - self._areas)
        if unknown:
            known = ", ".join(sorted(self._areas)) or "none"
            raise NoticeRefused(f"there is no area {unknown[0]!r}; known: {known}")
        if not notice.texts:
            raise NoticeRefused("it has no text")
        if notice.until_us and notice.until_us <= max(notice.from_us, self._clock.now_us()):
            raise NoticeRefused("it would end before it begins, or has ended already")

    async def _change(self, notice: Notice, *, on: bool, by: str, change: Change) -> Posted:
        changed = Posted(notice=notice, on=on, by=by, changed_us=self._clock.now_us())
        await self._keep({**self._posted, notice.id: changed})
        self._report(notice, on=on, by=by, change=change)
        return changed

    async def _keep(self, posted: dict[str, Posted]) -> None:
        content = msgspec.json.format(msgspec.json.encode(list(posted.values())), indent=1)
        try:
            await asyncio.to_thread(_write, self._file, content)
        except OSError as error:
            raise NoticesNotKept(self._file, error) from error
        self._take(posted)

    def _take(self, posted: Mapping[str, Posted]) -> None:
        self._posted = dict(posted)
        self._active = tuple(one.notice for one in posted.values() if one.on)

    def _report(self, notice: Notice, *, on: bool, by: str, change: Change) -> None:
        self._tell(
            NoticeSwitched(
                at=self._clock.now_us(),
                notice=notice.id,
                on=on,
                by=by,
                notice_kind=notice.kind,
                text=next(iter(notice.texts.values())),
                change=change,
            )
        )

    async def prepare(self) -> None:
        """Make the sound of all that are on, where it is gone or nobody could speak it before."""
        for notice in self._active:
            await self.voices(notice)

    async def voices(self, notice: Notice) -> int:
        """Make the sound of what callers of each language hear; how many nobody can speak: they
        hear a stand-in then. Goes on when it is cancelled: the next caller may have it."""
        first = next(iter(notice.texts.values()))
        texts = [(notice.texts.get(language, first), language) for language in LANGUAGES]
        making = asyncio.ensure_future(self._speak(texts))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        return await asyncio.shield(making)


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
