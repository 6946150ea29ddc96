"""What an offer says of the choice behind it, read for the sentences and tables about it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cti.facts import CallbackOffered, Choice, SeatOffered, SeatRank
from cti.store.speech import Speech

Offered = SeatOffered | CallbackOffered


@dataclass(frozen=True, slots=True)
class Why:
    """`own`: the chosen seat in the ranking, None where the ranking does not have it. `next`: the
    first of the others. `fitted`, `peers`: as in Choice; of an offer without one, from a ledger
    that is older, the ranking's length."""

    offer: Offered
    choice: Choice | None
    own: SeatRank | None
    next: SeatRank | None
    fitted: int
    peers: int

    @property
    def keys_told(self) -> bool:
        """Whether the ranking says what the strategy ranks by."""
        return self.choice is not None and self.choice.peers > 0

    @property
    def all_ring(self) -> bool:
        return self.offer.rule == "ring-all"


def why_of(offer: Offered) -> Why:
    own = next((rank for rank in offer.ranking if rank.seat == offer.seat), None)
    others = [rank for rank in offer.ranking if rank.seat != offer.seat]
    choice = offer.why
    fitted = max(1, len(offer.ranking) if choice is None else choice.fitted)
    peers = choice.peers if choice is not None and choice.peers else fitted
    return Why(offer, choice, own, others[0] if others else None, fitted, min(peers, fitted))


@dataclass(frozen=True, slots=True)
class WhyWords:
    """One language's sentence about an offer's reasons, and the heads of its table."""

    sentence: Callable[[Offered, Speech], str]
    rule: Callable[[str], str]
    role: Callable[[str], str]
    key: Callable[[str, SeatRank], str]
    """What the strategy ranks by, of one seat; empty where that is the time idle or the level."""
    strategy: Callable[[str], str]
    heads: dict[str, str]


JUST_US: Final = 50_000
"""What rounds to 0.0 s."""
