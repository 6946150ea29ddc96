"""Which of several groups' first callers is served first: the site's rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

from acd.groups import Group
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import ChoiceName, QueueRecord
from cti.ids import CallId, QueueId

_FIRST_AT: Final = attrgetter("first_at")


def first_of(
    groups: Sequence[Group],
    rule: ChoiceName,
    queues: Mapping[QueueId, QueueRecord],
    line: WaitingLine,
) -> tuple[Group, WaitingCall]:
    """The group to be served and its first caller. Each of `groups` has one."""
    if len(groups) > 1 and rule == "queue-ratio":
        groups = _most_over_their_share(groups, queues, line)
    if len(groups) == 1:
        return groups[0], _first(groups[0])
    if rule == "due":
        group = min(groups, key=lambda one: _due(one, queues))
        return group, _first(group)
    earliest = min(map(_FIRST_AT, groups))
    first = [group for group in groups if group.first_at == earliest]
    best = first[0] if len(first) == 1 else min(first, key=lambda one: _first(one).call)
    return best, _first(best)


def _first(group: Group) -> WaitingCall:
    assert group.first is not None
    return group.first


def _due(group: Group, queues: Mapping[QueueId, QueueRecord]) -> tuple[int, CallId]:
    first = _first(group)
    return group.first_at + queues[first.queue].target_us, first.call


def _most_over_their_share(
    groups: Sequence[Group], queues: Mapping[QueueId, QueueRecord], line: WaitingLine
) -> list[Group]:
    """Fixed-queue-ratio: the groups of that line whose length exceeds its share of all of them most
    (Gurvich and Whitt, "Service-level differentiation in many-server service systems via
    queue-ratio routing", Operations Research 58, 2010). Equal lines stay together: who stands first
    in any of them is served."""
    lines = dict.fromkeys(group.demand.queue for group in groups)
    total = sum(line.length(one) for one in lines)
    ratios = sum(queues[one].ratio for one in lines)
    # Multiplied out, so that no fraction is rounded.
    excess = {one: line.length(one) * ratios - queues[one].ratio * total for one in lines}
    most = max(excess.values())
    return [group for group in groups if excess[group.demand.queue] == most]
