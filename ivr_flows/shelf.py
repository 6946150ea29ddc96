"""The flows of a site as they are now, read again when a file changes.

New calls take the newest flows that are sound; calls in progress keep theirs. Files that are
broken change nothing and are reported.
"""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from ivr_flows.errors import FlowRefused
from ivr_flows.loader import load_book, version_of
from ivr_flows.model import FlowBook
from ivr_flows.prompt_library import Prompts
from ivr_flows.site_parts import SiteParts

log = structlog.get_logger(__name__)


class FlowShelf:
    """Raises FlowRefused when the flows in `directory` are not sound to begin with; `needed` are
    those that the hotlines name. Threads may look at the same time."""

    def __init__(
        self, directory: Path, *, site: SiteParts, prompts: Prompts, needed: frozenset[str]
    ) -> None:
        self._directory = directory
        self._site = site
        self._prompts = prompts
        self._needed = needed
        self._lock = threading.Lock()
        self._book = self._load()
        self._looked_at = self._book.version
        self._seen = self._book.version
        self._refused: FlowRefused | None = None

    def current(self) -> FlowBook:
        """What a new call hears."""
        return self._book

    @property
    def refused(self) -> FlowRefused | None:
        """What is wrong with the files, when they are not what callers hear."""
        return self._refused

    def look(self) -> bool:
        """Look at the files; whether the flows have changed. A change is taken when two looks have
        seen the same: an editor may be writing just now."""
        with self._lock:
            version = version_of(self._directory)
            seen, self._seen = self._seen, version
            if version == self._looked_at or version != seen:
                return False
            try:
                return self._take()
            except FlowRefused:
                return False

    def site_changed(self, site: SiteParts) -> None:
        """What flows may name is this from now on; the next look reads them again."""
        with self._lock:
            self._site = site
            self._looked_at = ""

    def reload(self) -> FlowBook:
        """Read the files now. Raises FlowRefused; the flows stay as they were then."""
        with self._lock:
            self._take()
            return self._book

    def _take(self) -> bool:
        try:
            book = self._load()
        except FlowRefused as refused:
            self._looked_at = version_of(self._directory)
            self._refused = refused
            log.error("changed flows refused, the old ones stay", findings=str(refused))  # noqa: TRY400
            raise
        changed = book.version != self._book.version
        self._book, self._refused, self._looked_at = book, None, book.version
        if changed:
            log.info("flows changed", version=book.version, flows=sorted(book.flows))
        return changed

    def _load(self) -> FlowBook:
        return load_book(
            self._directory, site=self._site, prompts=self._prompts, needed=self._needed
        )
