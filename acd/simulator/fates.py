"""What became of each contact of a simulated day."""

from __future__ import annotations

from dataclasses import dataclass, field

from acd.simulator.day import Contact
from cti.facts import SeatStateChanged
from cti.ids import CallId, OfferId, SeatId


@dataclass(slots=True)
class Fate:
    """One contact. Times are microseconds since the epoch, None where it has not come that far."""

    contact: Contact
    call: CallId
    offers: dict[OfferId, SeatId] = field(default_factory=dict)
    """The seats that ring for it now."""
    seat: SeatId | None = None
    """Who answered."""
    answered_at: int | None = None
    gone_at: int | None = None
    """When they left the line without an answer."""
    ended_at: int | None = None
    overflowed: bool = False
    """Went another way by its queue's rule: to a number outside, a message or a menu."""

    @property
    def waiting(self) -> bool:
        return self.answered_at is None and self.gone_at is None

    @property
    def line_us(self) -> int | None:
        """Time in the line, up to the answer or to giving up; None while it lasts."""
        until = self.answered_at if self.answered_at is not None else self.gone_at
        return None if until is None else until - self.contact.at

    @property
    def wait_us(self) -> int | None:
        """The KPI's wait: from the end of the prompt (DB51/T 2963-2022, A.5)."""
        line = self.line_us
        return None if line is None else line + self.contact.lead_us

    @property
    def elsewhere(self) -> bool:
        """Left the line with something in hand."""
        return self.gone_at is not None and (self.contact.elsewhere or self.overflowed)

    @property
    def abandoned(self) -> bool:
        return self.gone_at is not None and not self.elsewhere


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run. `fates` in the order of arrival, `changes` of the seats in theirs. `facts`: how many
    facts the dispatcher was told."""

    fates: list[Fate]
    changes: list[SeatStateChanged]
    began_at: int
    ended_at: int
    facts: int
