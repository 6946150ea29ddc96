"""The site file as it is now: seats, queues and routing's rules are taken in while running.

A change is taken when two looks have seen the same, since an editor may be writing just now. A file
that is broken changes nothing and is told once. What else stands in the file needs a restart, and
is told, too.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from config.errors import SettingsRefused
from config.site import Site, load_site
from cti.facts import RoutingChanged
from cti.runtime.clock import Clock
from cti.site_routing import routing_of

log = structlog.get_logger(__name__)

_TAKEN_IN: Final = frozenset({"seats", "queues", "routing"})
"""Parts of the file that count at once."""
BY: Final = "site file"


class SiteChange(NamedTuple):
    """`site` is what holds from now on."""

    site: Site
    report: RoutingChanged


class SiteWatch:
    """`site` is what `file` said at the start. Threads may look at the same time."""

    def __init__(self, file: Path, site: Site, clock: Clock) -> None:
        self._file = file
        self._site = site
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = self._looked_at = self._content()
        self._refused = ""
        self._untaken: frozenset[str] = frozenset()

    @property
    def refused(self) -> str:
        """What is wrong with the file, when it is not what holds; empty: nothing."""
        return self._refused

    @property
    def untaken(self) -> frozenset[str]:
        """Parts of the file that differ from what holds and count after a restart only: also
        queues that are not in it any more, since menus and callers name them."""
        return self._untaken

    def look(self) -> SiteChange | None:
        """Look at the file; what has changed, if anything."""
        with self._lock:
            content = self._content()
            seen, self._seen = self._seen, content
            if content == self._looked_at or content != seen:
                return None
            self._looked_at = content
            return self._take()

    def _take(self) -> SiteChange | None:
        try:
            site = load_site(self._file)
        except SettingsRefused as error:
            self._refused = str(error)
            log.warning("site file refused, nothing changes", why=self._refused)
            return None
        self._refused = ""
        self._untaken = frozenset(
            part
            for part in Site.model_fields
            if part not in _TAKEN_IN and getattr(site, part) != getattr(self._site, part)
        )
        removed = {name: old for name, old in self._site.queues.items() if name not in site.queues}
        self._untaken |= {f"queues.{name}" for name in removed}
        if self._untaken:
            log.warning("needs a restart", parts=sorted(self._untaken), file=str(self._file))
        before = routing_of(self._site)
        self._site = self._site.model_copy(
            update={"seats": site.seats, "queues": site.queues | removed, "routing": site.routing}
        )
        now = routing_of(self._site)
        if now == before:
            return None
        log.info("routing changed", by=BY, seats=len(now.seats), queues=len(now.queues))
        report = RoutingChanged(
            at=self._clock.now_us(),
            seats=tuple(now.seats),
            queues=tuple(now.queues),
            rules=now.rules,
            by=BY,
        )
        return SiteChange(self._site, report)

    def _content(self) -> bytes:
        try:
            return self._file.read_bytes()
        except OSError:
            return b""
