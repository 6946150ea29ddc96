"""Rules on where ways lead: to a person, deep down, round and round, to a silent end."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_flows import steps
from ivr_flows.lint_rules.catalogue import (
    CHOICES,
    LEVELS,
    LOOP,
    MOST_CHOICES,
    MOST_KEYS_TO_A_PERSON,
    MOST_LEVELS,
    PERSON,
    SILENT_END,
    LintFinding,
    listed,
)
from ivr_flows.lint_rules.circles import circles
from ivr_flows.lint_rules.site_flows import FAR, Place, SiteFlows
from ivr_flows.model import Step

_ASKING = (steps.Menu, steps.Digits, steps.Identify, steps.Score)


def only_languages(site: SiteFlows, flow: str, step: Step) -> bool:
    """Whether a menu does nothing but choose the language."""
    if not isinstance(step, steps.Menu):
        return False
    known = site.flows[flow].steps
    return all(isinstance(known.get(to), steps.SwitchLanguage) for to in step.choices.values())


def person(site: SiteFlows) -> Iterator[LintFinding]:
    keys = site.keys_to_a_person()
    when_open = site.reached_when_open()
    for flow in site.flows.values():
        if flow.id in site.after:
            continue
        for step in flow.steps.values():
            needed = keys[flow.id, step.id]
            if not isinstance(step, _ASKING) or (flow.id, step.id) not in when_open:
                continue
            if needed > MOST_KEYS_TO_A_PERSON:
                found = (
                    ("从这里找不到人工", "no way leads from here to a person")
                    if needed >= FAR
                    else (
                        f"从这里要按 {needed} 次键才能找到人工",
                        f"a person is {needed} keys away from here",
                    )
                )
                yield LintFinding(PERSON, flow.id, step.id, (), found)


def levels(site: SiteFlows) -> Iterator[LintFinding]:
    language_menus = {
        id(step)
        for flow in site.flows.values()
        for step in flow.steps.values()
        if only_languages(site, flow.id, step)
    }

    def counts(step: Step) -> bool:
        return isinstance(step, steps.Menu) and id(step) not in language_menus

    for place, above in site.levels(counts).items():
        level = above + 1
        if level > MOST_LEVELS and counts(site.step(place)):
            message = (
                f"这是第 {level} 层菜单，最多 {MOST_LEVELS} 层",
                f"this is a menu on level {level}; at most {MOST_LEVELS}",
            )
            yield LintFinding(LEVELS, place[0], place[1], (), message)


def choices(site: SiteFlows) -> Iterator[LintFinding]:
    level = site.levels(lambda step: isinstance(step, steps.Menu))
    for flow in site.flows.values():
        for step in flow.steps.values():
            if not isinstance(step, steps.Menu):
                continue
            counted = [
                key
                for key, target in step.choices.items()
                if not _is_aside(site, (flow.id, step.id), target, level)
            ]
            people = [key for key in counted if _leads_to_person(site, flow.id, step.choices[key])]
            if people:
                counted.remove("0" if "0" in people else people[-1])
            if len(counted) > MOST_CHOICES:
                chinese, english = listed(counted)
                message = (
                    f"有 {len(counted)} 个选项（{chinese}），最多 {MOST_CHOICES} 个",
                    f"has {len(counted)} choices ({english}); at most {MOST_CHOICES}",
                )
                yield LintFinding(CHOICES, flow.id, step.id, ("keys",), message)


def _is_aside(site: SiteFlows, menu: Place, target: str, level: dict[Place, int]) -> bool:
    """Whether a key leads back to this menu or one above, or to another language."""
    known = site.flows[menu[0]].steps
    step = known.get(target)
    # Announcements on the way back do not make it another way; a long row of them does.
    for _ in range(10):
        if isinstance(step, steps.SwitchLanguage):
            return True
        if isinstance(step, steps.Menu):
            here = level.get((menu[0], step.id), FAR)
            return step.id == menu[1] or here < level.get(menu, FAR)
        if not isinstance(step, steps.Play | steps.SetValues):
            return False
        step = known.get(step.next)
    return False


def _leads_to_person(site: SiteFlows, flow: str, target: str) -> bool:
    step = site.flows[flow].steps.get(target)
    return isinstance(step, steps.Queue | steps.Transfer)


def silent_ends(site: SiteFlows) -> Iterator[LintFinding]:
    speaking = (steps.Play, steps.Message, steps.Callback)
    for flow in site.flows.values():
        silent = {
            step.id
            for step in flow.steps.values()
            if isinstance(step, steps.Hangup) and not step.say
        }
        found = {flow.start: ("", "")} if flow.start in silent else {}
        for step in flow.steps.values() if silent else ():
            for way in step.ways():
                if way.target in silent and not isinstance(step, speaking):
                    found.setdefault(
                        way.target, (f"（来自 {step.id}）", f" (coming from {step.id})")
                    )
        for step_id, (chinese, english) in found.items():
            message = (f"不说话就挂机{chinese}", f"hangs up without a word{english}")
            yield LintFinding(SILENT_END, flow.id, step_id, (), message)


def loops(site: SiteFlows) -> Iterator[LintFinding]:
    for flow in site.flows.values():
        for circle in circles(flow):
            members = set(circle)
            asked = [
                way.target
                for step_id in circle
                for way in flow.steps[step_id].ways()
                if way.asked and way.target in flow.steps
            ]
            inside = any(target in members for target in asked)
            if inside and not any(target not in members for target in asked):
                chinese, english = listed(circle[:6])
                more = ("等", " …") if len(circle) > 6 else ("", "")
                message = (
                    f"{chinese}{more[0]} 之间循环，没有按键能走出去",
                    f"goes round {english}{more[1]}, and no key leads out",
                )
                yield LintFinding(LOOP, flow.id, circle[0], (), message)
