"""The sentences about contacts other than calls, in English."""

from __future__ import annotations

from typing import Any, Final

from cti import facts
from cti.store.speech import Sentence, Speech, plain, seconds
from cti.store.why_en import why_en

CONTACT_KINDS: Final = {
    "text": "a text",
    "web": "a web contact",
    "mail": "a mail",
    "call": "a call",
}
CONTACT_REFUSALS: Final = {"open-already": "it is open already", "too-many": "too many are open"}
CONTACT_FAILURES: Final = {
    "rejected": "the seat left it to others",
    "no-answer": "not taken in time",
    "seat-gone": "the seat has gone",
    "withdrawn": "it ended meanwhile",
}
CONTACT_RETURNS: Final = {"requeued": "given back", "seat-gone": "the seat has gone"}
CONTACT_ENDS: Final = {
    "closed": "dealt with",
    "withdrawn": "no answer is wanted any more",
    "patience": "nobody took it in time",
}
CONTACT_WISHES: Final[dict[str, str]] = {
    "accept": "take it",
    "reject": "leave it to others",
    "close": "close it",
    "requeue": "give it back",
    "withdraw": "withdraw it",
}


def _contact_offered(fact: Any, to: Speech) -> str:
    return (
        f"offered to seat {to.seat(fact.seat)}: {why_en(fact, to)}; "
        f"{fact.offer_us / 1e6:.0f} s to take it"
    )


CONTACT_SENTENCES: Final[dict[type[facts.Fact], Sentence]] = {
    facts.ContactCame: lambda fact, to: (
        f"{CONTACT_KINDS[fact.kind]} from {plain(fact.sender)} for {to.queue(fact.queue)}, "
        f"handed in by {plain(fact.by)}"
    ),
    facts.ContactQueued: lambda fact, to: (
        f"waits in {to.queue(fact.queue)}, until {to.clock(fact.until)} at most"
    ),
    facts.ContactRefused: lambda fact, to: f"not taken in: {CONTACT_REFUSALS[fact.why]}",
    facts.ContactOffered: _contact_offered,
    facts.ContactAccepted: lambda fact, to: (
        f"seat {to.seat(fact.seat)} took it after {seconds(fact.wait_us)} s"
    ),
    facts.ContactOfferFailed: lambda fact, to: (
        f"not taken by seat {to.seat(fact.seat)}: {CONTACT_FAILURES[fact.reason]}"
    ),
    facts.ContactReturned: lambda fact, to: (
        f"back in {to.queue(fact.queue)}: {CONTACT_RETURNS[fact.why]} "
        f"(seat {to.seat(fact.seat)}, {seconds(fact.handling_us)} s in hand)"
    ),
    facts.ContactAbandoned: lambda fact, to: (
        f"given up after {seconds(fact.wait_us)} s: {CONTACT_ENDS[fact.why]}"
    ),
    facts.ContactClosed: lambda fact, to: (
        f"{CONTACT_ENDS[fact.why]} by {plain(fact.by)}, {seconds(fact.handling_us)} s in hand"
    ),
    facts.ContactWish: lambda fact, to: f"{plain(fact.by)} wants: {CONTACT_WISHES[fact.wish]}",
    facts.ContactWithdrawn: lambda fact, to: f"withdrawn by {plain(fact.by)}",
    facts.ContactWishRefused: lambda fact, to: (
        f"{CONTACT_WISHES.get(fact.wish, plain(fact.wish))} refused: {plain(fact.why, 200)}"
    ),
}
