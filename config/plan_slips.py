"""What does not fit in the plans of a site file that is in order otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from config.overlay import Overlay, Setting, Source, settings_of
from config.site_slips import Slip

if TYPE_CHECKING:
    from config.site import Site


def slips_of_plans(site: Site) -> Iterator[Slip]:
    """Each plan is looked at as if it were on alone."""
    for name, notice in site.notices.items():
        for place, area in enumerate(notice.areas):
            if area not in site.areas:
                yield (
                    ("notices", name, "areas", place),
                    f"there is no area {area!r}; known: {_known(site.areas)}",
                )
    for name, plan in site.plans.items():
        for place, notice_id in enumerate(plan.notices):
            if notice_id not in site.notices:
                yield (
                    ("plans", name, "notices", place),
                    f"there is no notice {notice_id!r}; known: {_known(site.notices)}",
                )
        unknown = [queue for queue in plan.all_seats if queue not in site.queues]
        for queue in unknown:
            yield (
                ("plans", name, "all_seats", queue),
                f"there is no queue {queue!r}; known: {_known(site.queues)}",
            )
        if not unknown:
            laid = Overlay().over(site, settings_of(name, site, Source(plan=name)))
            for misfit in laid.misfits:
                yield ("plans", name, *_place(misfit.setting, site)), misfit.why


def _place(setting: Setting, site: Site) -> tuple[str, ...]:
    if setting.key == "also":
        return ("all_seats",)
    if setting.part == "routing":
        return ("choice",)
    known = setting.name in getattr(site, setting.part)
    return setting.place if known else setting.place[:2]


def _known(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
