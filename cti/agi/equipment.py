"""What a conversation needs besides the channel: sounds, look-ups, a look at the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivr_flows.actions import Utterance
from ivr_flows.world import World
from service_desk.lookups import LookupOutcome, LookupRequest


class Sounds(Protocol):
    """Finds the audio of what is to be said."""

    async def sounds(self, utterance: Utterance, language: str) -> tuple[tuple[str, ...], ...]:
        """For each sound its candidates, best first, as STREAM FILE wants them. Never raises, and
        is never empty for an utterance that is not: something is heard."""
        ...


class LookUps(Protocol):
    """The site's services."""

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        """The answer, or why there is none, within the request's time."""
        ...


@dataclass(frozen=True, slots=True)
class Hotline:
    """What a caller of one number hears: `flow`, and after a talk `after_call`."""

    number: str
    flow: str
    language: str
    after_call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """`spool` is the folder of fresh recordings as the daemon sees it, `spool_in_asterisk` as
    Asterisk does."""

    hotlines: Mapping[str, Hotline]
    sounds: Sounds
    lookups: LookUps
    world: Callable[[], World]
    spool: Path
    spool_in_asterisk: str
