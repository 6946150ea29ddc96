"""Why each seat was chosen for a call."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field

from cti.api.binding import Ask
from cti.api.errors import not_found
from cti.api.schemas import CallQuery, NoBody, Sent, TimeUs
from cti.api.wire import Sight
from cti.facts import CallbackOffered, Choice, SeatOffered
from cti.ids import CallId

_CALL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NeedAnswer(Sent):
    name: str
    level: Annotated[int, Field(description="At least.")]


class ChoiceAnswer(Sent):
    rule: Annotated[
        str, Field(description="only (nobody else the seat serves), place, due or queue-ratio.")
    ]
    lines: Annotated[int, Field(description="Kinds of callers whose first ones were compared.")]
    fitted: Annotated[int, Field(description="Seats that fit, were free and might be asked.")]
    peers: Annotated[int, Field(description="Those of them on the chosen one's step; 0: not told.")]
    role: str
    needs: list[NeedAnswer]
    language: str
    widened: Annotated[int, Field(description="How often needs were lowered for the long wait.")]
    unskilled: Annotated[bool, Field(description="Nobody signed on had what is needed.")]
    wanted: Annotated[str, Field(description="last-seat, owner, or empty.")]
    kept: Annotated[bool, Field(description="Kept for a customer while their phone rang.")]
    head_start_us: int
    priority: int
    customer_class: str
    waited_us: int
    ahead: Annotated[int, Field(description="Stood before, and needed somebody else.")]


class RankAnswer(Sent):
    seat: str
    idle_us: int
    role: str
    level: Annotated[int, Field(description="Sum of its levels in what is asked for.")]
    key: Annotated[int, Field(description="What the order goes by, where it is neither.")]


class OfferWhyAnswer(Sent):
    at_us: TimeUs
    offer: str
    seat: str
    queue: str
    text: Annotated[str, Field(description="The reasons as a sentence.")]
    order: Annotated[str, Field(description="The strategy that ranked the seats.")]
    waiting: int
    choice: Annotated[ChoiceAnswer | None, Field(description="Null in a ledger that is older.")]
    ranking: Annotated[list[RankAnswer], Field(description="The best seats, best first.")]


class WhyAnswer(Sent):
    call: str
    offers: Annotated[list[OfferWhyAnswer], Field(description="In the order of time.")]


async def why_call(ask: Ask[CallQuery, NoBody]) -> WhyAnswer:
    sight, name = Sight(ask.asker, "whyCall"), ask.path("call")
    if not _CALL.fullmatch(name):
        raise not_found("there is no such call")
    call = CallId(name)
    live = any(view.call == call for view in ask.services.engine.live_calls())
    if not live and await ask.services.history.past_call(call) is None:
        raise not_found("there is no such call")
    narrate, language = ask.services.narrate, ask.query.language
    offers = [
        _offer(fact, entry.text)
        for fact in await ask.services.history.facts_of(call)
        if isinstance(fact, SeatOffered | CallbackOffered)
        and (entry := sight.entry(fact, narrate, language)) is not None
    ]
    return WhyAnswer(call=call, offers=sorted(offers, key=lambda offer: offer.at_us))


def _offer(fact: SeatOffered | CallbackOffered, text: str) -> OfferWhyAnswer:
    return OfferWhyAnswer(
        at_us=fact.at,
        offer=fact.offer,
        seat=fact.seat,
        queue=fact.queue,
        text=text,
        order=fact.rule,
        waiting=fact.waiting,
        choice=None if fact.why is None else _choice(fact.why),
        ranking=[
            RankAnswer(
                seat=rank.seat, idle_us=rank.idle_us, role=rank.role, level=rank.level, key=rank.key
            )
            for rank in fact.ranking
        ],
    )


def _choice(choice: Choice) -> ChoiceAnswer:
    return ChoiceAnswer(
        rule=choice.rule,
        lines=choice.lines,
        fitted=choice.fitted,
        peers=choice.peers,
        role=choice.role,
        needs=[NeedAnswer(name=need.name, level=need.level) for need in choice.needs],
        language=choice.language,
        widened=choice.widened,
        unskilled=choice.unskilled,
        wanted=choice.wanted,
        kept=choice.kept,
        head_start_us=choice.head_start_us,
        priority=choice.priority,
        customer_class=choice.customer_class,
        waited_us=choice.waited_us,
        ahead=choice.ahead,
    )
