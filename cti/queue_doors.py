"""Which queues are open: by their opening hours, or as a lead has said.

What a lead said is kept in a file of the daemon's own, as notices are: a queue that was closed in
an emergency stays closed over a restart, also when the database is away. Routing is told of each
change (`QueueDoorMoved`), so a day that is replayed needs no calendar.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from cti.errors import JietongError
from cti.facts import QueueDoorMoved, Report
from cti.ids import QueueId
from cti.runtime.clock import Clock
from ivr_flows.hours import Hours

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
BY_HOURS = "opening hours"
Said = Literal["open", "closed"]


class UnknownQueue(JietongError):
    """Field: `queue`."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        super().__init__(f"there is no queue {queue!r}")


class DoorsNotKept(JietongError):
    """The file cannot be written; nothing has changed. Field: `file`."""

    def __init__(self, file: Path, error: OSError) -> None:
        self.file = file
        super().__init__(f"{file} cannot be written ({error.strerror or error}); nothing changed")


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of a queue; it holds until they say otherwise."""

    said: Said
    by: str
    at_us: int


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """`word`: None when the opening hours count. `hours`: their name, empty: none, always open.
    `until`: when the hours change it next."""

    queue: QueueId
    open: bool
    word: Word | None
    hours: str
    until: datetime | None


class QueueDoors:
    """`queues`: the name of each queue's opening hours, empty for none. `tell` posts a change."""

    def __init__(
        self,
        file: Path,
        queues: Mapping[QueueId, str],
        hours: Mapping[str, Hours],
        clock: Clock,
        tell: Callable[[Report], None],
    ) -> None:
        self._file = file
        self._queues = dict(queues)
        self._hours = hours
        self._clock = clock
        self._tell = tell
        self._words: dict[QueueId, Word] = {}
        self._told: dict[QueueId, bool] = {}
        self._changing = asyncio.Lock()

    def load(self) -> None:
        """Read what was said before. A file that cannot be read is put aside and reported: the
        hours count then."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=dict[str, Word])
        except FileNotFoundError:
            return
        except (OSError, UnicodeError, msgspec.DecodeError) as error:
            log.error("queue doors unreadable, hours count", file=str(self._file), why=str(error))  # noqa: TRY400
            try:
                self._file.replace(self._file.with_suffix(".unreadable"))
            except OSError:
                log.exception("queue doors not put aside")
            return
        self._words = {QueueId(queue): word for queue, word in kept.items()}

    def site_changed(self, queues: Mapping[QueueId, str]) -> None:
        """These are the queues from now on, and the names of their hours."""
        self._queues = dict(queues)
        self.look()

    def look(self) -> None:
        """Tell what has changed since the last look. Before the first one all are taken to be
        open."""
        for queue in self._queues:
            door = self.door(queue)
            if door.open != self._told.get(queue, True):
                by = door.word.by if door.word else BY_HOURS
                at = self._clock.now_us()
                self._tell(QueueDoorMoved(at=at, queue=queue, open=door.open, by=by))
                log.info("queue opened" if door.open else "queue closed", queue=queue, by=by)
            self._told[queue] = door.open

    def door(self, queue: str) -> Door:
        """How it is now. Raises UnknownQueue."""
        name = self._queues.get(QueueId(queue))
        if name is None:
            raise UnknownQueue(queue)
        word = self._words.get(QueueId(queue))
        hours = self._hours.get(name)
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC)
        verdict = hours.at(now) if hours is not None else None
        by_hours = verdict is None or verdict.open
        return Door(
            queue=QueueId(queue),
            open=by_hours if word is None else word.said == "open",
            word=word,
            hours=name if hours is not None else "",
            until=verdict.until if verdict is not None and word is None else None,
        )

    async def say(self, queue: str, said: Said | None, by: str) -> Door:
        """`by` opens or closes `queue`; None: its hours count again. Raises UnknownQueue or
        DoorsNotKept."""
        self.door(queue)
        async with self._changing:
            words = {name: word for name, word in self._words.items() if name != queue}
            if said is not None:
                words[QueueId(queue)] = Word(said=said, by=by, at_us=self._clock.now_us())
            try:
                await asyncio.to_thread(self._keep, words)
            except OSError as error:
                raise DoorsNotKept(self._file, error) from error
            self._words = words
        self.look()
        return self.door(queue)

    def _keep(self, words: Mapping[QueueId, Word]) -> None:
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(words)))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
