"""What a flow takes exception to, with its reason."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from ivr_flows.lint_rules.catalogue import RELAX_REASON, RELAX_UNUSED, RULES, LintFinding, Pair
from ivr_flows.lint_rules.site_flows import SiteFlows
from ivr_flows.model import Flow, Relaxation


def left_after(site: SiteFlows, findings: Iterable[LintFinding]) -> Iterator[LintFinding]:
    """`findings` without those that are relaxed, and with what is wrong about the relaxations."""
    used: set[tuple[str, int]] = set()
    for finding in findings:
        covering = [
            place
            for place, one in enumerate(site.flows[finding.flow].relaxed)
            if _covers(one, finding)
        ]
        used.update((finding.flow, place) for place in covering)
        if not covering:
            yield finding
    for flow in site.flows.values():
        for place, one in enumerate(flow.relaxed):
            yield from _wrong(flow, place, one, (flow.id, place) in used)


def _covers(one: Relaxation, finding: LintFinding) -> bool:
    return (
        finding.rule.relaxable
        and one.rule == finding.rule.id
        and one.step in (None, finding.step)
        and bool(one.why.strip())
    )


def _wrong(flow: Flow, place: int, one: Relaxation, used: bool) -> Iterator[LintFinding]:
    here = ("relax", str(place))

    def finding(key: str, message: Pair) -> LintFinding:
        return LintFinding(RELAX_UNUSED, flow.id, None, (*here, key), message)

    rule = RULES.get(one.rule)
    if rule is None or not rule.relaxable:
        names = sorted(name for name, known in RULES.items() if known.relaxable)
        near = difflib.get_close_matches(one.rule, names, 1)
        chinese = f"是不是 {near[0]}？" if near else f"可放宽的有：{'、'.join(names)}"
        english = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        yield finding(
            "rule",
            (
                f"没有可放宽的规则 {one.rule}；{chinese}",
                f"there is no rule {one.rule!r} to relax; {english}",
            ),
        )
    elif one.step is not None and one.step not in flow.steps:
        yield finding("step", (f"没有步骤 {one.step}", f"there is no step {one.step!r}"))
    elif not one.why.strip():
        message = ("没有写理由（why）", "gives no reason (why)")
        yield LintFinding(RELAX_REASON, flow.id, None, here, message)
    elif not used:
        yield finding(
            "rule",
            (f"{one.rule} 在这里并未违反，可以删除", f"{one.rule} is kept here; this entry can go"),
        )
