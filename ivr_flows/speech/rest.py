"""When an engine that fails is left alone. Pure; times are seconds of any steady clock.

Without it each caller would wait out the same failure again in silence.
"""

from __future__ import annotations

from typing import Final

from ivr_flows.speech.errors import EngineFailed

SAME_TEXT_S: Final = 60.0
IN_A_ROW: Final = 3
ENGINE_S: Final = 30.0
_REMEMBERED: Final = 1000


class Rest:
    """A text that failed is tried again after SAME_TEXT_S; after IN_A_ROW failures in a row the
    engine is not asked at all for ENGINE_S."""

    def __init__(self) -> None:
        self._texts: dict[str, float] = {}
        self._failures = 0
        self._until = float("-inf")

    def check(self, engine: str, key: str, now: float) -> None:
        """Raises EngineFailed while `key`, or the engine, is left alone."""
        if now < max(self._until, self._texts.get(key, now)):
            raise EngineFailed(engine, "it failed a moment ago and is left alone for a while")

    def ended(self, key: str, error: BaseException | None, now: float) -> None:
        """A text came out, or it did not."""
        if error is None:
            self._texts.pop(key, None)
            self._failures = 0
            return
        self._texts[key] = now + SAME_TEXT_S
        while len(self._texts) > _REMEMBERED:
            del self._texts[next(iter(self._texts))]
        self._failures += 1
        if self._failures >= IN_A_ROW:
            self._failures = 0
            self._until = now + ENGINE_S
