"""Queues, plans, routing and announcements: what a lead changes. A part of the route table."""

from __future__ import annotations

from typing import Final

from cti.api import notices, plans, queues, routing, seats
from cti.api.binding import Operation
from cti.api.operation import V1, operation
from cti.api.routing_schemas import (
    PartAnswer,
    PlanAnswer,
    PlanBody,
    PlansAnswer,
    QueuePatch,
    RemoveQuery,
    RoutingAnswer,
    RoutingPatch,
    SeatPatch,
)
from cti.api.schemas import DoorAnswer, NoticeAnswer, NoticeBody, NoticesAnswer, QueuesAnswer

_ROUTING: Final = f"{V1}/routing"

SITE: Final[tuple[Operation, ...]] = (
    operation("listQueues", "GET", f"{V1}/queues", "All queues", seats.list_queues, QueuesAnswer),
    operation(
        "doorOfQueue",
        "GET",
        f"{V1}/queues/{{queue}}/door",
        "Whether it is open, and why",
        queues.door_of_queue,
        DoorAnswer,
        404,
    ),
    *(
        operation(
            name, "POST", f"{V1}/queues/{{queue}}/{word}", summary, handler, DoorAnswer, 404, 503
        )
        for name, word, summary, handler in (
            ("openQueue", "open", "Open it, whatever its hours", queues.open_queue),
            ("closeQueue", "close", "Close it, whatever its hours", queues.close_queue),
            ("queueByHours", "by-hours", "Its hours count again", queues.queue_by_hours),
        )
    ),
    operation("listPlans", "GET", f"{V1}/plans", "Emergency plans", plans.list_plans, PlansAnswer),
    operation(
        "switchPlan",
        "POST",
        f"{V1}/plans/{{plan}}",
        "Switch an emergency plan on or off",
        plans.switch,
        PlanAnswer,
        404,
        409,
        503,
        body=PlanBody,
    ),
    operation(
        "getRouting",
        "GET",
        _ROUTING,
        "What counts now, and where it comes from",
        routing.show,
        RoutingAnswer,
    ),
    operation(
        "changeRouting",
        "PATCH",
        _ROUTING,
        "Change many queues and seats at once, all or nothing",
        routing.patch,
        RoutingAnswer,
        404,
        409,
        503,
        body=RoutingPatch,
    ),
    operation(
        "changeQueue",
        "PATCH",
        f"{_ROUTING}/queues/{{queue}}",
        "Change a queue; counts over site file and plans",
        routing.patch_queue,
        PartAnswer,
        404,
        409,
        503,
        body=QueuePatch,
    ),
    operation(
        "changeSeat",
        "PATCH",
        f"{_ROUTING}/seats/{{seat}}",
        "Change a seat; counts over site file and plans",
        routing.patch_seat,
        PartAnswer,
        404,
        409,
        503,
        body=SeatPatch,
    ),
    operation(
        "removeChanges",
        "DELETE",
        _ROUTING,
        "Site file and plans count again for everything",
        routing.remove_all,
        RoutingAnswer,
        404,
        409,
        503,
    ),
    operation(
        "removeQueueChanges",
        "DELETE",
        f"{_ROUTING}/queues/{{queue}}",
        "Site file and plans count again for this queue",
        routing.remove_queue,
        PartAnswer,
        404,
        409,
        503,
        query=RemoveQuery,
    ),
    operation(
        "removeSeatChanges",
        "DELETE",
        f"{_ROUTING}/seats/{{seat}}",
        "Site file and plans count again for this seat",
        routing.remove_seat,
        PartAnswer,
        404,
        409,
        503,
        query=RemoveQuery,
    ),
    operation(
        "listNotices",
        "GET",
        f"{V1}/notices",
        "Announcements, those that callers hear first",
        notices.list_notices,
        NoticesAnswer,
    ),
    operation(
        "writeNotice",
        "POST",
        f"{V1}/notices/{{notice}}",
        "Create or change an announcement",
        notices.write,
        NoticeAnswer,
        409,
        503,
        body=NoticeBody,
    ),
    operation(
        "switchNoticeOn",
        "POST",
        f"{V1}/notices/{{notice}}/on",
        "Let callers hear it, from the next one on",
        notices.switch_on,
        NoticeAnswer,
        404,
        409,
        503,
    ),
    operation(
        "switchNoticeOff",
        "POST",
        f"{V1}/notices/{{notice}}/off",
        "Let nobody hear it any more",
        notices.switch_off,
        NoticeAnswer,
        404,
        409,
        503,
    ),
    operation(
        "removeNotice",
        "POST",
        f"{V1}/notices/{{notice}}/remove",
        "Take it off the board for good",
        notices.remove,
        NoticeAnswer,
        404,
        503,
    ),
)
