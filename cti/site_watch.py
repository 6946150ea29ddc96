"""The site file as it is now: seats, queues, routing's rules and plans are taken in while running.

A change is taken when two looks have seen the same, since an editor may be writing just now. A file
that is broken changes nothing and is told once. What else stands in the file needs a restart, and
is told, too.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import structlog

from config.errors import SettingsRefused
from config.site import Site, load_site

log = structlog.get_logger(__name__)

_TAKEN_IN: Final = frozenset({"seats", "queues", "routing", "notices", "plans"})
"""Parts of the file that count at once."""


class SiteWatch:
    """`site` is what `file` said at the start. Threads may look at the same time."""

    def __init__(self, file: Path, site: Site) -> None:
        self._file = file
        self._site = site
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

    def look(self) -> Site | None:
        """Look at the file; what it says now of what counts at once, if any of that has changed."""
        with self._lock:
            content = self._content()
            seen, self._seen = self._seen, content
            if content == self._looked_at or content != seen:
                return None
            self._looked_at = content
            return self._take()

    def _take(self) -> Site | None:
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
        before = self._site
        taken = {part: getattr(site, part) for part in _TAKEN_IN}
        self._site = self._site.model_copy(update=taken | {"queues": site.queues | removed})
        return self._site if self._site != before else None

    def _content(self) -> bytes:
        try:
            return self._file.read_bytes()
        except OSError:
            return b""
