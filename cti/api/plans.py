"""Emergency plans: what there is, what is on, and the switch."""

from __future__ import annotations

import asyncio

from config.overlay import Source, settings_of
from cti.api.binding import Ask
from cti.api.errors import Problem, not_found
from cti.api.routing_schemas import PlanAnswer, PlanBody, PlansAnswer
from cti.api.schemas import NoBody, NoQuery
from cti.laying import name_of
from cti.overlays import RoutingNow
from cti.plans import PlanRefused, PlansNotKept, UnknownPlan

VOICE_SECONDS = 10.0
"""The answer tells whether the texts have a voice; it waits no longer for one to be made."""


async def list_plans(ask: Ask[NoQuery, NoBody]) -> PlansAnswer:
    routing = ask.services.routing
    return PlansAnswer(plans=[_answer(routing, plan) for plan in routing.file_site.plans])


async def switch(ask: Ask[NoQuery, PlanBody]) -> PlanAnswer:
    routing, plan, body = ask.services.routing, ask.path("plan"), ask.body
    try:
        await routing.switch(plan, on=body.on, by=ask.asker.user, why=body.reason)
    except UnknownPlan as error:
        raise not_found(str(error)) from error
    except PlanRefused as error:
        raise Problem(409, "refused", str(error)) from error
    except PlansNotKept as error:
        raise Problem(503, "not-kept", str(error)) from error
    without_voice = 0
    if body.on and plan in routing.plans_on:
        named = routing.file_site.plans[plan].notices
        try:
            async with asyncio.timeout(VOICE_SECONDS):
                for notice in routing.notices():
                    if notice.id in named:
                        without_voice += await ask.services.notices.voices(notice)
        except TimeoutError:
            without_voice += 1
    if plan not in routing.file_site.plans:  # taken out of the file meanwhile
        raise not_found(str(UnknownPlan(plan, tuple(routing.file_site.plans))))
    return _answer(routing, plan, without_voice)


def _answer(routing: RoutingNow, plan: str, without_voice: int = 0) -> PlanAnswer:
    site = routing.file_site
    content, since = site.plans[plan], routing.plans_on.get(plan)
    said = settings_of(plan, site, Source(plan=plan))
    return PlanAnswer(
        plan=plan,
        name={str(language): name for language, name in content.name.items()},
        on=since is not None,
        since_us=since.at_us if since else None,
        by=since.by if since else "",
        reason=since.why if since else "",
        changes=[
            *(name_of(one.place) for one in said if one.key != "also"),
            *(f"all_seats.{queue}" for queue in content.all_seats),
        ],
        hidden=[
            name_of(one.place)
            for one in (*routing.laid.hidden, *(bad.setting for bad in routing.laid.misfits))
            if one.source.plan == plan
        ],
        notices=list(content.notices),
        texts_without_voice=without_voice,
    )
