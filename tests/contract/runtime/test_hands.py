"""What the cores want, in the order in which Asterisk reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.effects import DropMember, HangUp, KeepMember, Resync, StoreRecording, SweepSpool
from cti.facts import EffectFailed, Report
from cti.ids import ChannelId, QueueId, SeatId
from cti.runtime.hands import AsteriskHands
from tests.contract.ami.clients import LinkClient, link_on
from tests.fakes.ami_server import PATIENCE_S, FakeAmiServer, Peer

KEEP = KeepMember(queue=QueueId("q"), seat=SeatId("1001"), device="PJSIP/1001", paused=False)
DROP = DropMember(queue=QueueId("q"), seat=SeatId("1001"), device="PJSIP/1001")


class Rig:
    def __init__(self, client: LinkClient, peer: Peer) -> None:
        self.client, self.peer = client, peer
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.other: list[str] = []
        self.hands = AsteriskHands(
            client.link, self, lambda: self.other.append("resync"), self.reports.put_nowait, self
        )

    def now_us(self) -> int:
        return 7

    def store(self, effect: StoreRecording) -> None:
        self.other.append(effect.file)

    def sweep(self, effect: SweepSpool) -> None:
        self.other.append("sweep")

    async def failed(self) -> EffectFailed:
        async with asyncio.timeout(PATIENCE_S):
            report = await self.reports.get()
        assert isinstance(report, EffectFailed)
        return report


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        yield Rig(client, peer)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged() as made:
        yield made


async def test_actions_of_many_effects_reach_asterisk_in_the_order_of_the_effects(
    rig: Rig,
) -> None:
    for _ in range(20):
        rig.hands.perform(KEEP)
        rig.hands.perform(DROP)
    names = [(await rig.peer.read_action()).name for _ in range(60)]
    assert names == ["QueueAdd", "QueuePause", "QueueRemove"] * 20


async def test_refusal_that_says_it_is_so_already_is_no_failure_and_others_are_told_once(
    rig: Rig,
) -> None:
    rig.hands.perform(KEEP)
    for _ in range(2):
        action = await rig.peer.read_action()
        rig.peer.answer(action, "Error", Message="no")
    failed = await rig.failed()
    assert (failed.effect, failed.subject, failed.reason) == ("KeepMember", "1001", "refused: no")
    assert rig.reports.empty()


async def test_effect_while_the_link_is_down_fails_at_once(rig: Rig) -> None:
    await rig.client.link.stop()
    rig.hands.perform(KEEP)
    assert not (await rig.failed()).reason.startswith("refused")
    assert rig.reports.empty()


async def test_link_lost_before_the_answers_is_one_failure(rig: Rig) -> None:
    rig.hands.perform(KEEP)
    await rig.peer.read_action()
    rig.peer.close()
    await rig.failed()
    assert rig.reports.empty()


async def test_value_that_must_not_go_out_is_refused_and_nothing_is_sent(rig: Rig) -> None:
    rig.hands.perform(HangUp(channel=ChannelId("/.*/")))
    assert (await rig.failed()).reason.startswith("refused")
    rig.hands.perform(DROP)
    assert (await rig.peer.read_action()).name == "QueueRemove"


async def test_bug_of_ours_is_a_failed_effect(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr("cti.runtime.hands.actions_for", broken)
    rig.hands.perform(DROP)
    assert (await rig.failed()).reason == "TypeError('ours')"


async def test_what_is_not_for_asterisk_goes_where_it_belongs(rig: Rig) -> None:
    rig.hands.perform(Resync(why="x"))
    rig.hands.perform(SweepSpool(living=()))
    assert rig.other == ["resync", "sweep"]
