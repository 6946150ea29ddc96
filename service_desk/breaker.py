"""Stops asking a service that does not answer, so that callers do not queue behind it. Pure: time
is an argument.

    closed --FAILURES in a row--> open --PAUSE_S--> one trial --answered--> closed
                                   ^                    `------failed------> open
"""

from __future__ import annotations

from typing import Final

FAILURES: Final = 5
PAUSE_S: Final = 5.0


class Breaker:
    """`now` is any clock in seconds that never goes back."""

    def __init__(self, failures: int = FAILURES, pause_s: float = PAUSE_S) -> None:
        self._most = failures
        self._pause_s = pause_s
        self._in_a_row = 0
        self._open_until: float | None = None
        self._trial = False

    def may_ask(self, now: float) -> bool:
        """Whether the service may be asked now; each True is followed by one of the others."""
        if self._open_until is None:
            return True
        if now < self._open_until or self._trial:
            return False
        self._trial = True
        return True

    def answered(self) -> None:
        """The service works."""
        self._in_a_row, self._open_until, self._trial = 0, None, False

    def failed(self, now: float) -> None:
        """No answer, or none of any use. One that was asked before others failed changes nothing
        about when the next trial is."""
        self._in_a_row += 1
        if self._trial or (self._in_a_row >= self._most and self._open_until is None):
            self._open_until = now + self._pause_s
        self._trial = False

    def given_up(self) -> None:
        """The caller hung up before there was an answer: nothing was learnt."""
        self._trial = False
