"""What a simulated day is given: who comes with what, and when the seats are there. Times are
microseconds since the epoch, durations microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cti.errors import JietongError
from cti.facts import CallQueued
from cti.ids import CallId, QueueId, SeatId

LONGEST_US: Final = 7 * 86_400_000_000
"""No talk, wrap-up or patience is longer: a slip, or a clock that jumped."""


class DayRefused(JietongError):
    """A day that cannot have been. Fields: `what`, `where` (the place in the day), `why`."""

    def __init__(self, what: str, where: str, why: str) -> None:
        self.what, self.where, self.why = what, where, why
        super().__init__(f"{where}: {what} {why}")


@dataclass(frozen=True, slots=True)
class Contact:
    """One caller who asks for a person. What they will do is settled before the run, so that two
    runs with other seats or rules differ by these alone."""

    at: int
    """When they join the line."""
    queue: QueueId
    talk_us: int
    patience_us: int | None = None
    """How long they wait, the ringing included; None: for ever."""
    wrapup_us: int | None = None
    """What the seat needs after the talk; the queue's limit cuts it short. None: all of the limit.
    """
    priority: int = 5
    skills: tuple[str, ...] = ()
    language: str = ""
    ring_us: int = 0
    """How long a seat's phone rings before it answers."""
    lead_us: int = 0
    """From the end of the prompt, where the KPI's clock starts, to joining the line."""
    elsewhere: bool = False
    """When the patience is over they leave a message or book a callback: not an abandonment."""
    number: str = ""
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    """The seat that their open matter belongs to."""

    def queued(self, call: CallId) -> CallQueued:
        """The fact that puts this contact into the line, as `call`."""
        began = self.at - self.lead_us
        return CallQueued(
            at=self.at,
            call=call,
            queue=self.queue,
            priority=self.priority,
            language=self.language,
            arrived_at=began,
            asked_at=began,
            prompt_ended_at=began,
            channel_name="",
            caller_number=self.number,
            caller_name="",
            skills=self.skills,
            customer_class=self.customer_class,
            wanted_seat=self.wanted_seat,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """What a seat does at `at`, by its roster."""

    at: int
    seat: SeatId
    wish: Literal["sign-on", "sign-off", "ready", "pause"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """Contacts in the order of their arrival, and the seats' moves in theirs."""

    contacts: tuple[Contact, ...]
    moves: tuple[Move, ...]

    @classmethod
    def of(cls, contacts: Iterable[Contact], moves: Iterable[Move]) -> Day:
        """Sorted by time (equal times stay as given) and checked. Raises DayRefused."""
        day = cls(
            tuple(sorted(contacts, key=lambda contact: contact.at)),
            tuple(sorted(moves, key=lambda move: move.at)),
        )
        if not day.contacts:
            raise DayRefused("contacts", "the day", "are missing: nobody calls")
        for place, contact in enumerate(day.contacts, 1):
            _check(contact, f"contact {place}")
        return day

    @property
    def began_at(self) -> int:
        """The first thing that happens."""
        first = self.contacts[0].at - self.contacts[0].lead_us
        return min(first, self.moves[0].at) if self.moves else first

    @property
    def last_at(self) -> int:
        """The last thing that is given."""
        last = self.contacts[-1].at
        return max(last, self.moves[-1].at) if self.moves else last


def all_day(seats: Sequence[SeatId], at: int) -> tuple[Move, ...]:
    """All `seats` sign on at `at`, and stay."""
    return tuple(Move(at, seat, "sign-on") for seat in seats)


def _check(contact: Contact, where: str) -> None:
    if contact.at < 0:
        raise DayRefused("time of arrival", where, f"{contact.at} us is before 1970")
    durations = {
        "talk": contact.talk_us,
        "patience": contact.patience_us or 0,
        "wrap-up": contact.wrapup_us or 0,
        "ringing": contact.ring_us,
        "time before the line": contact.lead_us,
    }
    for what, us in durations.items():
        if us < 0:
            raise DayRefused(what, where, f"of {us / 1e6:g} s is negative")
        if us > LONGEST_US:
            raise DayRefused(what, where, f"of {us / 1e6:g} s is longer than a week")
