"""How others look on while a day runs: an estimator of waits, a recorder, a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from acd.simulator.fates import Fate
from cti.facts import Fact


class Watcher:
    """Does nothing; a watcher overrides what it wants to see. What is not overridden costs nothing.

    A watcher may read the dispatcher (it is the one that made it) but not tell it anything.
    """

    def comes(self, fate: Fate) -> None:
        """A contact is about to join the line, at `fate.contact.at`: the dispatcher shows the line
        as this caller finds it. What is estimated now is held against `fate.line_us` in `served`.
        """

    def served(self, fate: Fate) -> None:
        """The wait is over: a seat has answered."""

    def gone(self, fate: Fate) -> None:
        """The wait is over: the caller has given up, or left something."""

    def heard(self, fact: Fact) -> None:
        """Every fact that the dispatcher is told or concludes, in order."""


def overridden(watchers: Sequence[Watcher], name: str) -> tuple[Callable[..., None], ...]:
    """That hook of the watchers who have one of their own."""
    return tuple(
        getattr(watcher, name)
        for watcher in watchers
        if getattr(type(watcher), name) is not getattr(Watcher, name)
    )
