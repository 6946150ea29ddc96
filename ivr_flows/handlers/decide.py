"""Steps that decide without asking: hours, if, set, flow, return."""

from __future__ import annotations

from ivr_flows.actions import Action, BackToLine, BackToSeat, CustomerKnown, EndCall
from ivr_flows.errors import FlowMisled
from ivr_flows.state import MAX_FRAMES, SENT, TRANSFERRED
from ivr_flows.steps import GOODBYE, CheckHours, If, Return, SetValues, SubFlow
from ivr_flows.walk import VERIFIED, Walk


def enter_hours(walk: Walk, step: CheckHours) -> Action | None:
    verdict = walk.world.hours[step.hours].at(walk.world.now)
    name = verdict.name.get(walk.language) or next(iter(verdict.name.values()), "")
    walk.set(
        {
            "until": verdict.until.isoformat() if verdict.until else "",
            "closed_for": "" if verdict.open else name,
        }
    )
    if verdict.open:
        walk.go(step.open, "open")
    elif verdict.why == "holiday" and step.holiday is not None:
        walk.go(step.holiday, "holiday")
    else:
        walk.go(step.closed, "closed")
    return None


def enter_if(walk: Walk, step: If) -> Action | None:
    for place, case in enumerate(step.cases):
        if case.condition.holds(walk.language, walk.values, walk.world):
            walk.go(case.then, f"cases.{place}")
            return None
    walk.go(step.otherwise, "otherwise")
    return None


def enter_set(walk: Walk, step: SetValues) -> Action | None:
    walk.set({name: template.fill(walk.values) for name, template in step.values.items()})
    if "customer" in step.values and walk.values["customer"]:
        walk.tell(CustomerKnown(walk.values["customer"], walk.values.get(VERIFIED) == "yes"))
    walk.go(step.next, "next")
    return None


def enter_sub_flow(walk: Walk, step: SubFlow) -> Action | None:
    if len(walk.frames) >= MAX_FRAMES:
        raise FlowMisled(step.id, f"flows call each other more than {MAX_FRAMES} deep")
    walk.call(step.flow, back_to=step.next)
    return None


def enter_return(walk: Walk, step: Return) -> Action | None:
    del step
    if walk.come_back():
        return None
    walk.typed_ahead = ""
    if walk.stage == "seat":
        return BackToSeat()
    if walk.stage in (SENT, TRANSFERRED):
        return BackToLine()
    return EndCall(utterance=walk.say(GOODBYE))
