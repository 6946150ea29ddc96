"""Who may do what: every operation of the table, tried in every role."""

from __future__ import annotations

from typing import Any

import pytest

from cti.api.access import ACCESS, ROLES, Door
from cti.api.binding import Operation
from cti.api.port import Role
from cti.api.routes import OPERATIONS
from tests.contract.api.conftest import Client, past_call
from tests.fakes.engine import FakeEngine, FakeHistory

BODIES: dict[str, Any] = {
    "handInContact": {"kind": "text", "queue": "nowhere", "sender": "1", "text": "x"},
    "login": {"user": "nobody", "password": "wrong"},
    "pause": {"reason": "午休"},
    "sendToFlow": {"flow": "identify"},
    "transferCall": {"queue": "repairs"},
    "monitorCall": {"mode": "listen"},
    "changeMonitor": {"mode": "barge"},
    "switchPlan": {"on": True, "reason": "many calls"},
    "changeRouting": {"choice": "due"},
    "changeQueue": {"strategy": "ring-all"},
    "changeSeat": {"queues": ["repairs", "bills"]},
    "writeNotice": {"kind": "info", "texts": {"en": "Hello"}},
}
EXPECTED = """
                seat  lead admin auditor none
    login       401   401  401   401     401
    renewToken  200   200  200   200     401
    me          200   200  200   200     401
    listCalls   200   200  200   200     401
    getCall     404   200  200   200     401
    whyCall     403   200  200   200     401
    sendToFlow  404   404  404   403     401
    transferCall 404  404  404  403     401
    releaseCall 404   404  404  403     401
    listMonitors 403  200  200  200     401
    monitorCall 403   404  404  403     401
    changeMonitor 403 404  404  403     401
    stopMonitor 403   404  404  403     401
    listSeats   200   200  200   200     401
    getSeat     200   200  200   200     401
    signOn      403   409  409   403     401
    signOff     403   200  200   403     401
    ready       403   200  200   403     401
    pause       403   200  200   403     401
    listQueues  200   200  200   200     401
    doorOfQueue  200 200  200  200     401
    openQueue    403 200  200  403     401
    closeQueue   403 200  200  403     401
    queueByHours 403 200  200  403     401
    listCallbacks  200 200 200   200     401
    cancelCallback 403 404 404   403     401
    listNotices     200 200 200  200     401
    writeNotice     403 200 200  403     401
    switchNoticeOn  403 404 404  403     401
    switchNoticeOff 403 404 404  403     401
    removeNotice    403 404 404  403     401
    handInContact    403 404 404 403     401
    listContacts     200 200 200 200     401
    getContact       404 404 404 404     401
    acceptContact    404 404 404 403     401
    rejectContact    404 404 404 403     401
    returnContact    404 404 404 403     401
    closeContact     404 404 404 403     401
    withdrawContact  403 404 404 403     401
    listPlans    200  200  200   200     401
    switchPlan   403  200  200   403     401
    getRouting   403  200  200   200     401
    changeRouting      403 200 200 403   401
    changeQueue        403 200 200 403   401
    changeSeat         403 200 200 403   401
    removeChanges      403 404 404 403   401
    removeQueueChanges 403 404 404 403   401
    removeSeatChanges  403 404 404 403   401
    listMessages 200  200  200   200     401
    getMessage   200  200  200   200     401
    messageAudio 200  200  200   200     401
    messageHeard 200  200  200   403     401
    messageDone  200  200  200   403     401
    events      426   426  426   426     426
    openapi     200   200  200   200     200
    page        200   200  200   200     200
    healthz     200   200  200   200     200
    readyz      200   200  200   200     200
    metrics     200   200  200   200     200
"""
"""What each role gets on another one's seat (1002) and call; written by hand, on purpose."""


def expected() -> dict[str, dict[str, int]]:
    head, *rows = [line.split() for line in EXPECTED.strip().splitlines()]
    return {row[0]: dict(zip(head, map(int, row[1:]), strict=True)) for row in rows}


def test_the_expectations_and_the_table_name_the_same_operations() -> None:
    names = {one.name for one in OPERATIONS}
    assert names == set(expected()) == set(ACCESS)
    assert len(names) == len(OPERATIONS)


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
async def test_each_operation_in_each_role_gives_what_the_table_says(
    client: Client,
    engine: FakeEngine,
    history: FakeHistory,
    operation: Operation,
    role: Role | None,
) -> None:
    strange = past_call(7, seat="1002")
    history.calls[strange.call] = strange
    await engine.seat_command(engine.seats()[1].seat, "sign-on", "", "test")

    path = operation.path.format_map(
        {
            "seat": "1002",
            "call": strange.call,
            "callback": "back.nothing",
            "message": "1",
            "notice": "n-1",
            "plan": "rush",
            "contact": "contact.nothing",
            "monitor": "monitor.1002.1",
            "queue": "repairs",
        }
    )
    answer = await client.send(operation.method, path, role, json=BODIES.get(operation.name))

    assert answer.status == expected()[operation.name][role or "none"]
    if isinstance(operation.access, Door):
        return
    if role is None and operation.name != "events":
        assert answer.problem == "not-authenticated"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="jietong"'


async def test_a_seat_commands_itself_and_nobody_else(client: Client) -> None:
    mine = await client.post("/api/v1/seats/1001/sign-on", "seat")
    other = await client.post("/api/v1/seats/1002/sign-on", "seat")

    assert (mine.status, mine.json["state"]) == (200, "ready")
    assert (other.status, other.problem) == (403, "not-your-seat")


async def test_a_seat_without_a_known_seat_cannot_find_out_which_seats_there_are(
    client: Client,
) -> None:
    answer = await client.post("/api/v1/seats/9999/sign-on", "seat")

    assert answer.status == 403
