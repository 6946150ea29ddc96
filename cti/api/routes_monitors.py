"""Listening to talks. A part of the route table."""

from __future__ import annotations

from typing import Final

from cti.api import monitors
from cti.api.binding import Operation
from cti.api.monitors import MonitorAnswer, MonitorBody, MonitorsAnswer
from cti.api.operation import V1, operation

_MONITOR: Final = f"{V1}/monitors/{{monitor}}"

MONITORS: Final[tuple[Operation, ...]] = (
    operation(
        "listMonitors",
        "GET",
        f"{V1}/monitors",
        "Who listens to which talk",
        monitors.list_monitors,
        MonitorsAnswer,
    ),
    operation(
        "monitorCall",
        "POST",
        f"{V1}/calls/{{call}}/monitor",
        "Listen to a talk at your own phone; that you do is written down first",
        monitors.begin,
        MonitorAnswer,
        404,
        409,
        503,
        body=MonitorBody,
    ),
    operation(
        "changeMonitor",
        "POST",
        f"{_MONITOR}/mode",
        "Listen, whisper or barge from now on",
        monitors.change,
        MonitorAnswer,
        404,
        409,
        503,
        body=MonitorBody,
    ),
    operation(
        "stopMonitor",
        "POST",
        f"{_MONITOR}/stop",
        "Listen no more",
        monitors.stop,
        MonitorAnswer,
        404,
        503,
    ),
)
