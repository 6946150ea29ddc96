"""Faults that a flow can have and still be a flow: menus that callers get lost in.

What no caller may meet at all is refused by the loader (`ivr_flows.checks`); here is what a
hotline's owner decides, rule by rule (`ivr_flows.lint_rules.catalogue`).
"""

from __future__ import annotations

from itertools import chain

from ivr_flows.lint_rules import speech, ways
from ivr_flows.lint_rules.catalogue import LintFinding
from ivr_flows.lint_rules.relaxed import left_after
from ivr_flows.lint_rules.site_flows import SiteFlows


def lint(site: SiteFlows, recordings: speech.Recordings | None = None) -> list[LintFinding]:
    """What breaks a rule and is not relaxed, flow by flow, in the order of the steps.

    Sub-flows are followed. Without `recordings` the length and the words of recorded prompts are
    not known, and the rules on them say nothing.
    """
    known = recordings or speech.NoRecordings()
    found = chain(
        ways.person(site),
        ways.levels(site),
        ways.choices(site),
        ways.silent_ends(site),
        ways.loops(site),
        speech.long_prompts(site, known),
        speech.keys_said(site, known),
    )
    place = {
        (flow.id, step): (number, order)
        for number, flow in enumerate(site.flows.values())
        for order, step in enumerate((None, *flow.steps))
    }
    return sorted(left_after(site, found), key=lambda one: place[one.flow, one.step])
