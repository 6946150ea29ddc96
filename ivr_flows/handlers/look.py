"""Steps that ask another system: lookup, identify."""

from __future__ import annotations

from ivr_flows.actions import (
    Action,
    AskDigits,
    CustomerKnown,
    DigitsKeyed,
    Found,
    LookUpNow,
    NotFound,
    Outcome,
    Speak,
)
from ivr_flows.handlers.ask import typed_digits
from ivr_flows.says import Say
from ivr_flows.steps import Identify, LookUp
from ivr_flows.walk import VERIFIED, VERIFIED_FOR, Walk


def enter_lookup(walk: Walk, step: LookUp) -> Action | None:
    path = step.path.fill_path(walk.values)
    if path is None:
        walk.go(step.failed, "failed")
        return None
    return LookUpNow(
        service=step.service,
        path=path,
        query={name: template.fill(walk.values) for name, template in step.query.items()},
        wanted=step.into,
        timeout_s=step.timeout_s,
        meanwhile=walk.say(step.meanwhile),
    )


def leave_lookup(walk: Walk, step: LookUp, outcome: Outcome) -> Action | None:
    match outcome:
        case Found(values):
            known = {name: values[name] for name in step.into if values.get(name)}
            walk.set(known, unset=step.into)
            if "customer" in known:
                # Found by what the caller has proven, so it is they.
                proven = walk.values.get(VERIFIED_FOR, "").split()
                verified = walk.values.get(VERIFIED) == "yes" and bool(
                    step.path.names().intersection(proven)
                )
                walk.tell(CustomerKnown(known["customer"], verified))
            walk.go(step.next, "next")
        case NotFound():
            walk.set({}, unset=step.into)
            walk.go(step.not_found, "not_found")
        case _:
            walk.set({}, unset=step.into)
            walk.go(step.failed, "failed")
    return None


def enter_identify(walk: Walk, step: Identify) -> Action | None:
    return _ask_pin(walk, step, None)


def leave_identify(walk: Walk, step: Identify, outcome: Outcome) -> Action | None:
    if walk.part == "locked":
        walk.go(step.otherwise, "otherwise")
        return None
    if walk.part == "check":
        return _checked(walk, step, outcome)
    if not isinstance(outcome, DigitsKeyed):
        return _pin_again(walk, step, step.no_key)
    walk.take_typed_ahead(outcome.ahead)
    walk.keys += 1
    if not outcome.digits and not outcome.ended:
        return _pin_again(walk, step, step.no_key)
    return _check_pin(walk, step, outcome.digits)


def _checked(walk: Walk, step: Identify, outcome: Outcome) -> Action | None:
    match outcome:
        case Found():
            walk.set({VERIFIED: "yes", VERIFIED_FOR: " ".join(sorted(step.path.names()))})
            if customer := walk.values.get("customer"):
                walk.tell(CustomerKnown(customer, verified=True))
            walk.go(step.next, "next")
        case NotFound():
            return _pin_again(walk, step, step.wrong)
        case _:
            walk.go(step.failed, "failed")
    return None


def _ask_pin(walk: Walk, step: Identify, why: Say | None) -> Action | None:
    walk.part = ""
    if walk.worn_out:
        walk.go(step.otherwise, "otherwise")
        return None
    pin, complete = typed_digits(walk, step.most, step.end_key)
    if complete:
        walk.keys += 1
        return _check_pin(walk, step, pin)
    return AskDigits(
        utterance=() if pin else walk.say(why, step.say),
        barge_in=True,
        most=step.most,
        end_key=step.end_key,
        wait_s=step.wait_s,
        between_s=step.between_s,
        already=pin,
        private=True,
    )


def _check_pin(walk: Walk, step: Identify, pin: str) -> Action | None:
    if len(pin) < step.least or not pin.isdigit():
        return _pin_again(walk, step, step.wrong)
    path = step.path.fill_path(walk.values)
    if path is None:
        walk.go(step.failed, "failed")
        return None
    walk.part = "check"
    return LookUpNow(
        service=step.service,
        path=path,
        timeout_s=step.timeout_s,
        meanwhile=walk.say(step.meanwhile),
        pin=pin,
    )


def _pin_again(walk: Walk, step: Identify, why: Say) -> Action | None:
    walk.attempts += 1
    walk.typed_ahead = ""
    if walk.attempts < step.attempts:
        return _ask_pin(walk, step, why)
    walk.part = "locked"
    return Speak(utterance=walk.say(step.locked), barge_in=False)
