"""Turns facts into ledger entries: numbers them and says which call and seat each is about."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from cti.facts import ChannelCreated, ChannelHungUp, Fact, SeatLegGone, SeatOffered
from cti.ids import CallId, ChannelId, OfferId, SeatId, seat_of_offer
from cti.runtime.ports import LedgerEntry


def new_run(at_us: int) -> str:
    """A name for one life of the daemon, started at `at_us`: sorts by time, never repeats."""
    start = datetime.fromtimestamp(at_us / 1_000_000, UTC)
    return f"{start:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


class EntryMaker:
    """Numbers the facts of one run from 1 without a hole: a hole in the ledger is a lost fact.

    Raw reports name a channel, not a call. The caller's channel is the call; a seat's leg is
    known from its offer; other legs from the channel that they are linked to.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self._seq = 0
        self._call_of: dict[str, CallId] = {}

    def entry(self, fact: Fact) -> LedgerEntry:
        """The next entry of this run."""
        self._seq += 1
        call, seat = self._subject(fact)
        return LedgerEntry(run=self.run, seq=self._seq, fact=fact, call=call, seat=seat)

    def _subject(self, fact: Fact) -> tuple[CallId | None, SeatId | None]:
        if isinstance(fact, SeatOffered):
            self._call_of[fact.offer] = fact.call
        elif isinstance(fact, ChannelCreated) and fact.linked and fact.linked != fact.channel:
            self._call_of.setdefault(fact.channel, self._call(fact.linked))
        # A contact's facts are read as a call's are, by its name.
        call: CallId | None = getattr(fact, "call", None) or getattr(fact, "contact", None)
        seat: SeatId | None = getattr(fact, "seat", None)
        leg: ChannelId | OfferId | None = getattr(fact, "channel", None) or getattr(
            fact, "offer", None
        )
        if leg is not None:
            call = call or self._call(ChannelId(leg))
            seat = seat or seat_of_offer(ChannelId(leg))
        if isinstance(fact, SeatLegGone):
            self._call_of.pop(fact.offer, None)
        elif isinstance(fact, ChannelHungUp) and seat is None:
            self._call_of.pop(fact.channel, None)
        return call or None, seat or None

    def _call(self, channel: ChannelId) -> CallId:
        known = self._call_of.get(channel)
        if known is not None or seat_of_offer(channel) is None:
            return known or CallId(channel)
        return CallId("")
