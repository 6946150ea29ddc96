"""What `cti doctor` finds out about routing: the site file, the plans that are on, and changes
that do not fit it. Reads the daemon's files and tables; the daemon need not run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from config.errors import SettingsRefused
from config.overlay import Misfit, Overlay
from config.settings import Settings
from config.site import Site
from cti.changes import Change, ChangesNotKept, KeptChange, beneath_of, read
from cti.findings import Finding, broken, fine, warning
from cti.laying import name_of
from cti.plans import read_plans_on, settings_of_plans
from cti.store.database import Database, database_url
from cti.store.errors import StoreError
from cti.store.routing_changes import StoredChanges

REMOVE = "remove the change (DELETE /api/v1/routing/...), or correct the site file"


def site_refused(refused: SettingsRefused) -> Iterator[Finding]:
    """The site file cannot be used: a daemon that runs goes on with what was before."""
    for complaint in refused.complaints:
        yield broken(
            "site file",
            str(complaint),
            "correct that line; a daemon that runs keeps to what was there before, and one that "
            "is started now does not start",
        )


def routing_findings(settings: Settings, site: Site) -> Iterator[Finding]:
    """Plans that are on, and what does not count."""
    file = settings.state_dir / "plans.json"
    try:
        on = read_plans_on(file)
    except (OSError, UnicodeError, msgspec.DecodeError) as error:
        yield broken("plans", f"{file} cannot be read: {error}", "switch the plans on again")
        on = {}
    for plan, since in on.items():
        if plan in site.plans:
            yield fine("plans", f"{plan} is on, by {since.by}: {since.why}")
        else:
            yield warning("plans", f"{plan} is on and not in the site file", "switch it off")
    try:
        rows = asyncio.run(_changes(settings))
    except (StoreError, ChangesNotKept):
        return  # the check of the database tells
    made = [read(row) for row in rows]
    changes = [one for one in made if isinstance(one, Change)]
    said = [*settings_of_plans(site, on), *(one.setting for one in changes)]
    laid = Overlay().over(site, said)
    unread = [one for one in made if isinstance(one, Misfit)]
    for misfit in (*unread, *laid.misfits):
        yield broken(
            "routing", f"{name_of(misfit.setting.place)} does not fit: {misfit.why}", REMOVE
        )
    for change in changes:
        place, by = change.setting.place, change.setting.source.by
        if beneath_of(site, place) != change.beneath:
            yield warning(
                "routing",
                f"{name_of(place)}: the site file was changed after the change by {by}, which "
                "counts",
                REMOVE,
            )
    yield fine("routing", f"{len(changes)} values changed while running, {len(on)} plans on")


async def _changes(settings: Settings) -> list[KeptChange]:
    database = Database(database_url(settings.database.url, settings.state_dir))
    try:
        await database.check()
        return list(await StoredChanges(database).load())
    finally:
        await database.close()
