"""What the cores want, in the order in which Asterisk reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cti.effects import (
    DropMember,
    HangUp,
    KeepMember,
    OriginateCallback,
    OriginateCustomer,
    Resync,
    StoreRecording,
    SweepSpool,
    TellWaiting,
    WithdrawLeg,
)
from cti.facts import EffectFailed, Report
from cti.ids import CallbackId, CallId, ChannelId, OfferId, QueueId, SeatId
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
            client.link,
            self,
            lambda: self.other.append("resync"),
            self.reports.put_nowait,
            self,
            sounds=self,
        )
        self.said = "/p/zh-CN/wait/next&/p/zh-CN/wait/about-before"

    def now_us(self) -> int:
        return 7

    def store(self, effect: StoreRecording) -> None:
        self.other.append(effect.file)

    def sweep(self, effect: SweepSpool) -> None:
        self.other.append("sweep")

    def waiting(self, effect: TellWaiting) -> str:
        return self.said if effect.place else ""

    def customer(self, effect: OriginateCustomer) -> OriginateCustomer:
        return effect

    def callback(self, effect: OriginateCallback) -> OriginateCallback:
        return replace(effect, say_seat="/p/zh-CN/callback/seat")

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


async def test_a_leg_that_has_taken_nobody_is_withdrawn_and_then_hung_up(rig: Rig) -> None:
    rig.hands.perform(WithdrawLeg(channel=ChannelId("offer.1001.5")))
    told = await rig.peer.read_action()
    assert (told.name, told.get("Variable")) == ("Setvar", "CTI_WITHDRAWN")
    asked = await rig.peer.read_action()
    assert (asked.name, asked.get("Variable")) == ("Getvar", "CTI_TAKEN")
    rig.peer.answer(told)
    rig.peer.answer(asked, Variable="CTI_TAKEN", Value="")
    action = await rig.peer.read_action()
    assert (action.name, action.get("Channel")) == ("Hangup", "offer.1001.5")
    assert rig.reports.empty()


async def test_a_leg_that_is_just_taking_its_caller_is_not_hung_up(rig: Rig) -> None:
    rig.hands.perform(WithdrawLeg(channel=ChannelId("offer.1001.5")))
    told, asked = await rig.peer.read_action(), await rig.peer.read_action()
    rig.peer.answer(told)
    rig.peer.answer(asked, Variable="CTI_TAKEN", Value="1")
    failed = await rig.failed()
    assert (failed.effect, failed.subject) == ("WithdrawLeg", "offer.1001.5")
    assert failed.reason == "refused: taken"
    rig.hands.perform(DROP)
    assert (await rig.peer.read_action()).name == "QueueRemove", "nothing else was sent"


async def test_a_leg_that_was_never_made_is_hung_up_all_the_same(rig: Rig) -> None:
    """It may come up just now."""
    rig.hands.perform(WithdrawLeg(channel=ChannelId("offer.1001.5")))
    for _ in range(2):
        action = await rig.peer.read_action()
        rig.peer.answer(action, "Error", Message="No such channel")
    assert (await rig.peer.read_action()).name == "Hangup"
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


async def test_what_a_waiting_caller_hears_is_written_onto_the_channel_whole(rig: Rig) -> None:
    tell = TellWaiting(
        channel=ChannelId("jt1-1.7"),
        call=CallId("jt1-1.7"),
        language="zh-CN",
        place=0,
        wait_us=None,
        first=False,
    )
    rig.hands.perform(tell)  # nothing to say: nothing is written
    rig.hands.perform(replace(tell, place=1))
    action = await rig.peer.read_action()
    assert action.name == "Setvar"
    assert (action.get("Channel"), action.get("Variable")) == ("jt1-1.7", "CTI_SAY")
    assert action.get("Value") == rig.said


async def test_callback_is_sent_with_its_sounds(rig: Rig) -> None:
    rig.hands.perform(
        OriginateCallback(
            offer=OfferId("callback.1001.5"),
            seat=SeatId("1001"),
            device="PJSIP/1001",
            callback=CallbackId("back.jt1-1.7"),
            call=CallId("jt1-1.7"),
            queue=QueueId("q"),
            number="13800001111",
            hotline="12345",
            language="zh-CN",
            ring_us=15_000_000,
            customer_ring_us=30_000_000,
            recording="a--b.raw",
        )
    )
    action = await rig.peer.read_action()
    assert action.name == "Originate"
    assert "Variable: CTI_SAY_SEAT=/p/zh-CN/callback/seat" in action.lines
