"""A talk that may be listened to, and a ledger that may be unable to take it down."""

from __future__ import annotations

from collections.abc import Awaitable

from cti.api.errors import NotNoted
from cti.brain import Step
from cti.effects import Effect
from cti.facts import Report
from cti.monitor_desk import MonitorDesk
from tests.unit.calls.test_flow_visits import Talk


class Ears:
    """Seat 1001 talks in `talk.caller`; 1002 is signed on. `safe`: facts can be written down."""

    def __init__(self) -> None:
        self.talk = Talk()
        self.talk.signs_on("1002")
        self.safe = True
        self.done: list[Effect] = []
        self.desk = MonitorDesk(
            self, self.talk.dispatcher, self.talk.tracker.monitoring.all, self, self._noted
        )

    def now_us(self) -> int:
        self.talk.wait(us=1)
        return self.talk.now

    async def ask(self, report: Report) -> Step:
        step = self.talk.hear(report)
        self.done += step.effects
        return step

    async def _noted(self, asked: Awaitable[Step]) -> Step:
        step = await asked
        if not self.safe:
            raise NotNoted
        return step
