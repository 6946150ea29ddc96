"""Why this seat and this caller, in English."""

from __future__ import annotations

from typing import Final

from cti.facts import CallbackOffered, Choice, SeatRank, Skill
from cti.store.speech import Speech, plain
from cti.store.why import JUST_US, Offered, Why, WhyWords, why_of

_FIRST_BY: Final = {
    "longest-idle": "idle longest",
    "fewest-calls": "with the fewest calls since sign-on",
    "least-occupied": "least occupied since sign-on",
    "round-robin": "not rung for the longest time",
    "fixed-order": "first in the fixed order",
    "best-skill": "best skilled",
    "ring-all": "rung together",
}
_ROLES: Final = {"a": "role A", "b": "role B", "lead": "the leads"}
_STANDS_IN: Final = {
    "b": "it stands in (role B): no fitting seat in role A was free",
    "lead": "a lead stands in: nobody in role A or B was there",
}
_KEPT: Final = "kept for this customer while their phone rang"
_WANTED: Final = {
    "last-seat": "the seat that the caller talked with last",
    "owner": "the seat that the caller's open matter belongs to",
    "transfer": "the seat that the caller was transferred to",
}


def needs_en(needs: tuple[Skill, ...]) -> str:
    return ", ".join(f"{plain(one.name)} {one.level} or better" for one in needs) or "nothing"


def why_en(offer: Offered, to: Speech) -> str:
    """`free for 41.2 s, idle longest of 3 free seats with gas 3 or better; next 1001 (12.0 s); the
    caller had waited 38.4 s and stood first`."""
    why = why_of(offer)
    parts = [_seat(why), *_next(why, to)]
    if why.choice is not None:
        parts += [*_exceptions(why.choice), _caller(offer, why.choice)]
    return "; ".join(parts)


def _seat(why: Why) -> str:
    choice, own = why.choice, why.own
    idle = "" if own is None else f"{_idle(own)}, "
    if choice is not None and (choice.wanted or choice.kept):
        return f"{idle}{_KEPT if choice.kept else _WANTED.get(choice.wanted, plain(choice.wanted))}"
    asked = _asked(choice)
    if why.fitted == 1:
        return f"{idle}the only free seat{asked}"
    if why.all_ring:
        return f"{idle}one of {why.fitted} free seats{asked} that ring together, idle longest first"
    first = _FIRST_BY.get(why.offer.rule) or f"first by the rule {plain(why.offer.rule)}"
    key = _told_key(why, own)
    first += f" ({key})" if key else ""
    if why.peers == why.fitted:
        return f"{idle}{first} of {why.fitted} free seats{asked}"
    role = _ROLES.get(choice.role if choice else "a", "its role")
    if why.peers == 1:
        return f"{idle}the only one in {role} of {why.fitted} free seats{asked}"
    return f"{idle}{first} of {why.peers} free seats in {role}{asked} ({why.fitted} with others)"


def _idle(rank: SeatRank) -> str:
    if 0 <= rank.idle_us < JUST_US:
        return "just free"
    return f"free for {rank.idle_us / 1e6:.1f} s"


def _asked(choice: Choice | None) -> str:
    if choice is None or choice.unskilled:
        return ""
    asked = f" with {needs_en(choice.needs)}" if choice.needs else ""
    return asked + (f" speaking {plain(choice.language)}" if choice.language else "")


def _next(why: Why, to: Speech) -> list[str]:
    if why.next is None or why.all_ring:
        return []
    key = _told_key(why, why.next) or f"{why.next.idle_us / 1e6:.1f} s"
    return [f"next {to.seat(why.next.seat)} ({key})"]


def _exceptions(choice: Choice) -> list[str]:
    found = []
    if choice.role in _STANDS_IN and not choice.wanted:
        found.append(_STANDS_IN[choice.role])
    if choice.unskilled:
        lacks = needs_en(choice.needs) if choice.needs else ""
        if choice.language:
            lacks = f"{lacks} speaking {plain(choice.language)}".strip()
        found.append(f"nobody signed on has {lacks or 'what is needed'}: any seat of the queue")
    if choice.widened:
        steps = "once" if choice.widened == 1 else f"{choice.widened} times"
        asked = "" if choice.needs else ", to nothing"
        found.append(f"needs were lowered {steps}{asked} for the long wait")
    return found


def _caller(offer: Offered, choice: Choice) -> str:
    who = "customer" if isinstance(offer, CallbackOffered) or choice.kept else "caller"
    if choice.rule == "only" and not choice.ahead and choice.waited_us < JUST_US:
        return f"the {who} did not have to wait"
    waited = f"the {who} had waited {choice.waited_us / 1e6:.1f} s"
    if choice.kept:
        return f"{waited} since they began to wait"
    return f"{waited} {_stood(choice)}{_head_start(choice)}"


def _stood(choice: Choice) -> str:
    if choice.rule == "only":
        if not choice.ahead:
            return "and was the only one it could serve"
        return f"and was the only one it could serve, {_ahead(choice)}"
    if choice.rule == "due" and choice.lines > 1:
        ahead = f" ({_ahead(choice)})" if choice.ahead else ""
        return f"and came first to a queue's target time, of {choice.lines} kinds of callers{ahead}"
    if choice.rule == "queue-ratio" and choice.lines > 1:
        ahead = f" ({_ahead(choice)})" if choice.ahead else ""
        return (
            "and stood first in the queue most over its share, "
            f"of {choice.lines} kinds of callers{ahead}"
        )
    if choice.ahead:
        return f"and stood first of those it could serve ({_ahead(choice)})"
    return "and stood first in line"


def _ahead(choice: Choice) -> str:
    who = "1 caller" if choice.ahead == 1 else f"{choice.ahead} callers"
    if choice.rule == "due":
        return f"{who} stood before in its line"
    return f"{who} before needed other seats"


def _head_start(choice: Choice) -> str:
    us = choice.head_start_us
    if not us:
        return ""
    cause = [f"priority {choice.priority}"] if choice.priority != 5 else []
    if choice.customer_class:
        cause.append(f"class {plain(choice.customer_class)}")
    minutes = f"{abs(us) / 60e6:.3g} min {'earlier' if us > 0 else 'later'}"
    return f" ({', '.join(cause) or 'head start'}: as if come {minutes})"


def _told_key(why: Why, rank: SeatRank | None) -> str:
    return _key(why.offer.rule, rank) if rank is not None and why.keys_told else ""


def _key(rule: str, rank: SeatRank) -> str:
    match rule:
        case "fewest-calls":
            return "1 call" if rank.key == 1 else f"{rank.key} calls"
        case "least-occupied":
            return f"{rank.key / 1e4:.1f} % occupied"
        case "round-robin":
            return "never rung" if rank.key < 0 else f"rung {rank.key / 1e6:.1f} s ago"
        case "best-skill":
            return f"levels {rank.level} in all"
        case _:
            return ""


def _rule(rule: str) -> str:
    return {
        "only": "nobody else waited whom the seat serves",
        "place": "who stands first over all queues of the seat",
        "due": "who comes first to the queue's target time",
        "queue-ratio": "from the queue most over its share of those who wait",
    }.get(rule, plain(rule))


ENGLISH_WHY: Final = WhyWords(
    sentence=why_en,
    rule=_rule,
    role=lambda role: {"a": "A", "b": "B", "lead": "lead"}.get(role, plain(role)),
    key=_key,
    strategy=plain,
    heads={
        "choice": "choice of the caller", "order": "order of the seats", "needs": "asked of a seat",
        "ahead": "before, for other seats", "waiting": "waiting", "waited": "waited (s)",
        "place": "place", "seat": "seat", "idle": "free for (s)", "role": "role",
        "level": "levels", "key": "ranked by", "none": "no seat was offered this call",
        "fitted": "free seats that fit", "more": "and {} more",
    },
)  # fmt: skip
