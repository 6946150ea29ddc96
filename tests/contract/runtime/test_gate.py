"""The gate between Asterisk's events and the cores, on a scripted AMI server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.ami import resync as module
from cti.ami.link import AmiLink, AmiSettings, Backoff, LinkState
from cti.ami.resync import EventGate
from cti.facts import ChannelHungUp, LinkLost, Report, SnapshotTaken
from tests.fakes.ami_server import PATIENCE_S, SECRET, FakeAmiServer, Peer, ReceivedAction

FAST = Backoff(first_s=0.01, cap_s=0.02)


class Asked:
    """The three lists of one snapshot, as Asterisk was asked for them."""

    def __init__(self, peer: Peer, actions: list[ReceivedAction]) -> None:
        self.peer, self.actions = peer, actions

    def answer(self, channel: str = "") -> None:
        """All three, with one channel or none."""
        for action in self.actions:
            self.peer.answer(action, EventList="start")
            if channel and action.name == "Status":
                self.peer.event("Status", ActionID=action.action_id, Uniqueid=channel)
            self.peer.event("Complete", ActionID=action.action_id, EventList="Complete")


class Rig:
    def __init__(self, server: FakeAmiServer) -> None:
        self.server = server
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.gate = EventGate(self.reports.put_nowait, self, apart_s=0.0, retry_s=0.0)
        self.link = AmiLink(
            AmiSettings(
                host="127.0.0.1",
                port=server.port,
                username="cti",
                secret=SECRET,
                backoff=FAST,
                ping_interval_s=3600.0,
            ),
            self.gate.event,
            self._on_state,
        )

    def now_us(self) -> int:
        return 7

    def _on_state(self, state: LinkState) -> None:
        if state.up:
            self.gate.link_up()
        else:
            self.gate.link_down()

    async def connected(self) -> Peer:
        peer = await self.server.accept()
        await peer.log_in()
        return peer

    async def asked(self, peer: Peer) -> Asked:
        return Asked(peer, [await peer.read_action() for _ in range(3)])

    async def report(self) -> Report:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reports.get()

    async def snapshot(self) -> SnapshotTaken:
        report = await self.report()
        assert isinstance(report, SnapshotTaken), report
        return report

    async def gone(self) -> str:
        report = await self.report()
        assert isinstance(report, ChannelHungUp), report
        return report.channel


@asynccontextmanager
async def running() -> AsyncIterator[Rig]:
    async with FakeAmiServer() as server:
        rig = Rig(server)
        await rig.link.start()
        task = asyncio.create_task(rig.gate.run(rig.link))
        try:
            yield rig
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await rig.link.stop()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as made:
        yield made


async def test_events_wait_for_the_snapshot_and_follow_it_in_order_once_each(rig: Rig) -> None:
    peer = await rig.connected()
    asked = await rig.asked(peer)
    assert {action.name for action in asked.actions} == {
        "Status",
        "QueueStatus",
        "DeviceStateList",
    }
    peer.event("Hangup", Uniqueid="1")
    peer.event("Hangup", Uniqueid="2")
    assert not rig.gate.open
    asked.answer("c")
    assert [seen.channel for seen in (await rig.snapshot()).channels] == ["c"]
    assert [await rig.gone(), await rig.gone()] == ["1", "2"]
    assert rig.gate.open
    peer.event("Hangup", Uniqueid="3")
    assert await rig.gone() == "3"


async def test_one_asked_for_during_a_snapshot_takes_another_and_keeps_the_events(
    rig: Rig,
) -> None:
    peer = await rig.connected()
    first = await rig.asked(peer)
    peer.event("Hangup", Uniqueid="1")
    rig.gate.request()
    rig.gate.request()
    first.answer("old")
    (await rig.asked(peer)).answer("new")
    assert [seen.channel for seen in (await rig.snapshot()).channels] == ["new"]
    assert await rig.gone() == "1"
    assert rig.reports.empty()


async def test_link_lost_during_a_snapshot_is_told_and_nothing_of_it_is_kept(rig: Rig) -> None:
    peer = await rig.connected()
    await rig.asked(peer)
    peer.event("Hangup", Uniqueid="before")
    await peer.drain()
    peer.close()
    assert isinstance(await rig.report(), LinkLost)
    again = await rig.connected()
    (await rig.asked(again)).answer("c")
    assert [seen.channel for seen in (await rig.snapshot()).channels] == ["c"]
    again.event("Hangup", Uniqueid="after")
    assert await rig.gone() == "after"


async def test_more_events_than_can_be_held_make_a_new_snapshot(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 2)
    peer = await rig.connected()
    first = await rig.asked(peer)
    for number in range(4):
        peer.event("Hangup", Uniqueid=str(number))
    first.answer("old")
    (await rig.asked(peer)).answer("new")
    assert [seen.channel for seen in (await rig.snapshot()).channels] == ["new"]


async def test_snapshot_that_asterisk_refuses_is_tried_again_and_the_gate_stays_shut(
    rig: Rig,
) -> None:
    peer = await rig.connected()
    first = await rig.asked(peer)
    for action in first.actions:
        peer.answer(action, "Error", Message="Permission denied")
    second = await rig.asked(peer)
    assert not rig.gate.open
    second.answer()
    await rig.snapshot()


async def test_link_lost_is_told_once_however_often_it_fails_to_come_back(rig: Rig) -> None:
    peer = await rig.connected()
    (await rig.asked(peer)).answer()
    await rig.snapshot()
    peer.close()
    for _ in range(3):
        (await rig.server.accept()).close()
    assert isinstance(await rig.report(), LinkLost)
    assert rig.reports.empty()
