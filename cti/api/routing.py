"""Routing as it is now, and changes of it while calls go on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from config.change import QUEUE_FIELDS, QUEUE_STAYS, SEAT_FIELDS, SEAT_STAYS, said
from config.overlay import Part, Setting
from cti.api.binding import Ask
from cti.api.errors import FieldError, Problem, not_found
from cti.api.routing_schemas import (
    NotCountingAnswer,
    PartAnswer,
    QueuePatch,
    RemoveQuery,
    RoutingAnswer,
    RoutingPatch,
    SeatPatch,
    SourceAnswer,
)
from cti.api.schemas import NoBody, NoQuery
from cti.changes import ChangeRefused, ChangesNotKept, Edit, UnknownPart
from cti.laying import name_of
from cti.overlays import RoutingNow

_HIDDEN: Final = "a later plan or a change says otherwise"


async def show(ask: Ask[NoQuery, NoBody]) -> RoutingAnswer:
    return _whole(ask)


async def patch(ask: Ask[NoQuery, RoutingPatch]) -> RoutingAnswer:
    body = ask.body
    edits = [Edit("queues", name, dict(said(one))) for name, one in body.queues.items()]
    edits += [Edit("seats", name, dict(said(one))) for name, one in body.seats.items()]
    if body.choice is not None:
        edits.append(Edit("routing", "", {"choice": body.choice}))
    await _change(ask, edits, body.reason or "", body.until_us or 0)
    return _whole(ask)


async def patch_queue(ask: Ask[NoQuery, QueuePatch]) -> PartAnswer:
    return await _patch(ask, "queues", ask.path("queue"), QUEUE_FIELDS)


async def patch_seat(ask: Ask[NoQuery, SeatPatch]) -> PartAnswer:
    return await _patch(ask, "seats", ask.path("seat"), SEAT_FIELDS)


async def remove_all(ask: Ask[NoQuery, NoBody]) -> RoutingAnswer:
    await _remove(ask, "", "", "")
    return _whole(ask)


async def remove_queue(ask: Ask[RemoveQuery, NoBody]) -> PartAnswer:
    return await _remove_of(ask, "queues", ask.path("queue"))


async def remove_seat(ask: Ask[RemoveQuery, NoBody]) -> PartAnswer:
    return await _remove_of(ask, "seats", ask.path("seat"))


async def _patch(
    ask: Ask[Any, Any], part: Part, name: str, fields: Mapping[str, object]
) -> PartAnswer:
    values = {key: value for key, value in said(ask.body).items() if key in fields}
    await _change(ask, [Edit(part, name, values)], ask.body.reason or "", ask.body.until_us or 0)
    return _part(ask.services.routing, part, name)


async def _change(ask: Ask[Any, Any], edits: list[Edit], why: str, until_us: int) -> None:
    if not any(edit.values for edit in edits):
        raise Problem(400, "not-valid", "there is nothing to change in it")
    by = ask.asker.user
    try:
        for edit in edits:
            _check_flows(edit, ask.services.engine.flows())
        await ask.services.routing.change(edits, by=by, why=why, until_us=until_us)
    except (UnknownPart, ChangeRefused, ChangesNotKept) as error:
        raise _problem(error) from error


def _check_flows(edit: Edit, flows: Collection[str]) -> None:
    """Raises ChangeRefused when a rule sends callers to a flow that there is not."""
    for rule in edit.values.get("overflow") or ():
        flow = rule.to.flow
        if flow is not None and flow not in flows:
            known = ", ".join(sorted(flows)) or "none"
            place = name_of((edit.part, edit.name, "overflow"))
            raise ChangeRefused(place, f"there is no flow {flow!r}; known: {known}")


async def _remove_of(ask: Ask[RemoveQuery, NoBody], part: Part, name: str) -> PartAnswer:
    routing = ask.services.routing
    await _remove(ask, part, name, ask.query.key or "")
    if name not in getattr(routing.file_site, part):
        return PartAnswer(values={}, sources={})
    return _part(routing, part, name)


async def _remove(ask: Ask[Any, Any], part: Part | Literal[""], name: str, key: str) -> None:
    try:
        await ask.services.routing.remove(part, name, key, by=ask.asker.user)
    except (UnknownPart, ChangeRefused, ChangesNotKept) as error:
        raise _problem(error) from error


def _problem(error: UnknownPart | ChangeRefused | ChangesNotKept) -> Problem:
    if isinstance(error, UnknownPart):
        return not_found(error.what)
    if isinstance(error, ChangeRefused):
        key = error.place.rpartition(".")[2]
        pointer = f"#/{error.place.replace('.', '/')}" if key == error.place else f"#/{key}"
        return Problem(409, "refused", str(error), errors=(FieldError(error.why, pointer),))
    return Problem(503, "not-kept", f"{error}; nothing changed")


# -------------------------------------------------------------------------------------- answers


def _whole(ask: Ask[Any, Any]) -> RoutingAnswer:
    routing = ask.services.routing
    contradicted = {change.setting.place for change in routing.contradicted()}
    return RoutingAnswer(
        routing=_part(routing, "routing", "", contradicted),
        queues={name: _part(routing, "queues", name, contradicted) for name in routing.site.queues},
        seats={name: _part(routing, "seats", name, contradicted) for name in routing.site.seats},
        plans_on=list(routing.plans_on),
        not_counting=[
            *(_not_counting(one, _HIDDEN) for one in routing.laid.hidden),
            *(_not_counting(one.setting, one.why) for one in routing.misfits),
        ],
        warnings=list(ask.services.engine.health().warnings),
    )


def _part(
    routing: RoutingNow,
    part: Part,
    name: str,
    contradicted: Iterable[object] | None = None,
) -> PartAnswer:
    if contradicted is None:
        contradicted = {change.setting.place for change in routing.contradicted()}
    now = _model(routing.site, part, name)
    if now is None:
        raise not_found(f"there is no {part[:-1]} {name!r}")
    # A seat that has just been taken out of the file holds until the cores know.
    file = _model(routing.file_site, part, name) or now
    stays = {"queues": QUEUE_STAYS, "seats": SEAT_STAYS, "routing": frozenset({"classes"})}[part]
    values = {
        key: to_jsonable_python(getattr(now, key))
        for key in type(now).model_fields
        if key not in stays
    }
    settings = (routing.laid.values.get((part, name, key)) for key in (*values, "also"))
    return PartAnswer(
        values=values,
        sources={
            "queues" if one.key == "also" else one.key: _source(
                one, file, file_changed=one.place in contradicted and not one.source.plan
            )
            for one in settings
            if one is not None
        },
    )


def _model(site: Any, part: Part, name: str) -> BaseModel | None:
    found: BaseModel | None
    found = site.routing if part == "routing" else getattr(site, part).get(name)
    return found


def _source(setting: Setting, file: BaseModel, *, file_changed: bool) -> SourceAnswer:
    source = setting.source
    key = "queues" if setting.key == "also" else setting.key
    return SourceAnswer(
        source="plan" if source.plan else "change",
        plan=source.plan or None,
        by=source.by,
        since_us=source.at_us,
        until_us=source.until_us or None,
        reason=source.why,
        file=to_jsonable_python(getattr(file, key)),
        file_says_otherwise_since=file_changed,
    )


def _not_counting(setting: Setting, why: str) -> NotCountingAnswer:
    return NotCountingAnswer(
        place=name_of(setting.place),
        value=to_jsonable_python(setting.value),
        source="plan" if setting.source.plan else "change",
        plan=setting.source.plan or None,
        by=setting.source.by,
        why=why,
    )
