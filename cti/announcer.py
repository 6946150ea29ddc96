"""What waiting callers and callbacks hear, as sounds of the prompt library.

A sentence is put together from clips. All travel to Asterisk in one line of AMI, which has room for
1,024 bytes: what does not fit is left out sentence by sentence, the least important first, and
never cut in the middle. A missing clip takes its sentence with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import structlog

from acd.estimate import spoken_minutes
from cti.effects import OriginateCallback, OriginateCustomer, TellWaiting
from ivr_flows.errors import PromptMissing
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.sayings import PAUSE, say
from ivr_flows.sayings.errors import SayingError

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 1000
"""Of a variable's value, so that `Value: ` and the line's end fit too."""
MOST_MINUTES: Final = 120
"""An estimate beyond this is none."""

Clips = tuple[str, ...]


def sentences(effect: TellWaiting, language: str) -> Iterator[Clips]:
    """The clips of each sentence, the most important sentence first. Raises SayingError."""
    if effect.first:
        yield ("all-busy",)
    yield _place(effect.place, language)
    if effect.wait_us is not None:
        minutes = spoken_minutes(effect.wait_us)
        if minutes <= MOST_MINUTES:
            said = say("minutes", str(minutes * 60), language)
            yield ("wait/about-before", *said, "wait/about-after")


def _place(place: int, language: str) -> Clips:
    ahead = max(0, place - 1)
    if ahead == 0:
        return ("wait/next",)
    if ahead == 1:
        return ("wait/one-ahead",)
    return ("wait/ahead-before", *say("count", str(ahead), language), "wait/ahead-after")


class Announcer:
    """The `SoundsPort` of the hands."""

    def __init__(self, prompts: PromptLibrary, main_language: str) -> None:
        self._prompts = prompts
        self._main_language = main_language

    def waiting(self, effect: TellWaiting) -> str:
        """Sounds with `&` between, as Background() takes them; empty when there are none."""
        language = effect.language or self._main_language
        try:
            said = list(sentences(effect, language))
        except SayingError as error:
            log.warning("place in line not sayable", call=effect.call, why=str(error))
            said = [("all-busy",)] if effect.first else []
        return joined(self._sounds(clips, language) for clips in said)

    def callback(self, effect: OriginateCallback) -> OriginateCallback:
        """`effect` with what the seat and the customer hear."""
        language = effect.language or self._main_language
        return replace(
            effect,
            say_seat=joined([self._sounds(("callback/seat",), self._main_language)]),
            say_customer=joined([self._sounds(("callback/answer",), language)]),
        )

    def customer(self, effect: OriginateCustomer) -> OriginateCustomer:
        """`effect` with what the customer hears, who is rung before any seat."""
        language = effect.language or self._main_language
        return replace(effect, say_customer=joined([self._sounds(("callback/answer",), language)]))

    def _sounds(self, clips: Clips, language: str) -> tuple[str, ...]:
        """Empty when one is missing: half a sentence says something else."""
        found: list[str] = []
        for clip in clips:
            if clip == PAUSE:
                continue
            try:
                found.append(self._prompts.paths(clip, language)[0])
            except PromptMissing:
                log.error("prompt missing", prompt=clip, language=language)  # noqa: TRY400
                return ()
        return tuple(found)


def joined(said: Iterable[tuple[str, ...]]) -> str:
    """As many whole sentences, from the first on, as fit into MAX_BYTES."""
    text = ""
    for sounds in said:
        longer = "&".join((*filter(None, (text,)), *sounds))
        if len(longer.encode()) > MAX_BYTES:
            log.warning("announcement shortened", left_out=len(sounds))
            break
        text = longer
    return text
