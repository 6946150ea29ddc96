"""When a recording is complete and must be stored. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cti.effects import Effect, StoreRecording, SweepSpool
from cti.facts import (
    CallbackAnswered,
    CallbackRecovered,
    CallRecovered,
    Fact,
    OfferAnswered,
    OfferFailed,
    SeatLegGone,
    SnapshotTaken,
)
from cti.ids import OfferId


class RecordingKeeper:
    """A core: knows which segments Asterisk is writing, and has each stored once its leg is gone.

    After a snapshot everything else in the spool is left over from an absence and is stored too.
    """

    def __init__(self) -> None:
        self._writing: dict[OfferId, str] = {}

    def handle(self, fact: Fact) -> Iterator[Fact | Effect]:
        if isinstance(fact, OfferAnswered | CallRecovered | CallbackAnswered | CallbackRecovered):
            if fact.recording:
                self._writing[fact.offer] = fact.recording
        elif isinstance(fact, OfferFailed):
            self._writing.pop(fact.offer, None)
        elif isinstance(fact, SeatLegGone) and fact.recording:
            self._writing.pop(fact.offer, None)
            yield StoreRecording(
                call=fact.call, offer=fact.offer, seat=fact.seat, file=fact.recording
            )
        elif isinstance(fact, SnapshotTaken):
            living = {seen.get("CTI_RECORDING") for seen in fact.channels} - {""}
            yield SweepSpool(living=tuple(sorted(living | set(self._writing.values()))))

    def deadline(self) -> int | None:
        return None
