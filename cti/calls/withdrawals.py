"""A seat is rung no longer although nobody has hung up: its phone gives no sign, or is lost.

    offered --no sign in time, or the phone is lost--> withdrawn --its channel is gone--> failed
                                                        |    '--no word from Asterisk--> given up
                                                        '--was taking its caller--> connected

The caller may be offered to another seat once the leg is gone, which is a matter of milliseconds.
When even that gets no word, the channel is stuck and the caller does not wait for it: the leg is
given up, and is hung up whenever it is heard of again.

An answer may cross the withdrawal. In Asterisk one of the two comes first, and both agree on which
(`[seat-leg]` in the dialplan): either the seat's leg finds that it was withdrawn and bridges
nobody, or the withdrawal is refused and the talk goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import SeatLeg
from cti.calls.legs import SeatLegs
from cti.effects import WithdrawLeg
from cti.facts import DeviceChanged, DeviceState, EffectFailed, OfferFailure, TimePassed
from cti.ids import ChannelId

NO_SIGN_US: Final = 2_500_000
"""A phone that lives says so at once (180, 183 or the answer); SIP repeats a lost INVITE after
0.5 s and 1.5 s, so three of them have been sent by then."""
STUCK_US: Final = 300_000
"""With the time above less than the three seconds in which a caller has to be offered again."""


class Withdrawals:
    """Of the legs in `book`. `no_sign_us`: how long a phone may give no sign; 0: as long as it
    may ring."""

    def __init__(self, book: Book, legs: SeatLegs, no_sign_us: int) -> None:
        self._book = book
        self._legs = legs
        self._no_sign_us = no_sign_us

    def deadline(self) -> int | None:
        """When the next leg is withdrawn or given up, microseconds since the epoch."""
        return min((at for _, at in self._due()), default=None)

    def time_passed(self, fact: TimePassed) -> Outcome:
        for leg in [leg for leg, at in self._due() if at <= fact.at]:
            if leg.withdrawn_at:
                leg.given_up = True
                why = leg.ending or "failed"
                yield from self._legs.failed(leg, fact.at, why, "no word from Asterisk")
            else:
                yield from self._withdraw(leg, fact.at, "no-response")

    def device_changed(self, fact: DeviceChanged) -> Outcome:
        if fact.state is not DeviceState.UNREACHABLE:
            return
        for leg in list(self._book.legs.values()):
            if leg.pending and not (leg.cancelled or leg.answered_at) and _is_at(leg, fact.device):
                yield from self._withdraw(leg, fact.at, "unreachable")

    def effect_failed(self, fact: EffectFailed) -> Outcome:
        """The answer came first: the leg is taking its caller."""
        leg = self._book.legs.get(ChannelId(fact.subject))
        refused = fact.effect == WithdrawLeg.__name__ and fact.reason.startswith("refused")
        if refused and leg is not None and leg.pending:
            leg.cancelled, leg.withdrawn_at, leg.ending = False, 0, ""
            leg.answered_at = leg.answered_at or fact.at
        yield from ()

    @staticmethod
    def _withdraw(leg: SeatLeg, at: int, why: OfferFailure) -> Outcome:
        leg.cancelled, leg.ending, leg.withdrawn_at = True, why, at
        yield WithdrawLeg(channel=leg.channel)

    def _due(self) -> Iterator[tuple[SeatLeg, int]]:
        for leg in self._book.legs.values():
            if not leg.pending:
                continue
            if leg.withdrawn_at:
                yield leg, leg.withdrawn_at + STUCK_US
            elif self._gives_no_sign(leg):
                yield leg, leg.offered_at + self._no_sign_us

    def _gives_no_sign(self, leg: SeatLeg) -> bool:
        """A leg that was found after an absence rings already."""
        silent = not (leg.rang or leg.answered_at or leg.cancelled)
        return silent and bool(leg.ring_us and self._no_sign_us)


def _is_at(leg: SeatLeg, device: str) -> bool:
    return device == (leg.device or leg.channel_name.rpartition("-")[0])
