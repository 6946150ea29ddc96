"""Announcements of an emergency or an outage, switched on and off while the hotline runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, get_args

NoticeKind = Literal["emergency", "outage", "info"]
Then = Literal["go-on", "hang-up", "person"]
KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
THENS: Final[tuple[Then, ...]] = get_args(Then)
MOST_HEARD: Final = 3
"""Notices that one caller hears at once; more would be a speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`texts` by language. `areas`: empty is everywhere. `then`: what follows after it has been
    said. Times are microseconds since the epoch; 0: from now on, without end."""

    id: str
    kind: NoticeKind
    texts: Mapping[str, str]
    areas: frozenset[str] = frozenset()
    then: Then = "go-on"
    from_us: int = 0
    until_us: int = 0
    switched_us: int = 0
    """When it was switched on last."""

    def holds(self, now_us: int) -> bool:
        return self.from_us <= now_us and (not self.until_us or now_us < self.until_us)


def heard_by(notices: Iterable[Notice], area: str | None, now: datetime) -> tuple[Notice, ...]:
    """The notices among those switched on that a caller hears who asks about `area` (None: about
    none): emergencies first, then the newest ones, at most `MOST_HEARD`.

    Who names an area has heard those for everybody before, so they are not said again.
    """
    now_us = round(now.astimezone(UTC).timestamp() * 1_000_000)
    heard = [
        notice
        for notice in notices
        if notice.holds(now_us) and (area in notice.areas if area else not notice.areas)
    ]
    heard.sort(key=lambda one: (KINDS.index(one.kind), -one.switched_us, one.id))
    return tuple(heard[:MOST_HEARD])
