"""Faults of sending: shown on panoramisk as it comes, closed in our link, by one script each."""

from __future__ import annotations

import asyncio

import pytest

from cti.ami.actions import Action
from cti.ami.errors import ActionRefused, ActionTimedOut, LinkLost, UnsafeValue
from cti.ami.link import Cause, Phase
from tests.contract.ami.clients import link_on, stock_on
from tests.fakes.ami_server import FakeAmiServer

HANGUP = Action.of("Hangup", Channel="PJSIP/8001-00000001")
ORIGINATE = Action.of("Originate", Channel="PJSIP/8001", Async=True, ActionID="offer.8001.1")
STOCK_ORIGINATE = {"Action": "Originate", "Channel": "PJSIP/8001", "Async": "true"}


class TestActionWithoutAnswer:
    async def test_stock_keeps_it_pending_for_ever(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            future = client.manager.send_action({"Action": "Hangup", "Channel": "x"})
            action = await peer.read_action()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(future, 0.05)
            peer.event("Marker")
            await client.next_event("Marker")
            assert action.action_id in client.manager.protocol.responses

    async def test_link_ends_it_at_the_deadline_and_ignores_a_late_answer(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            with pytest.raises(ActionTimedOut) as caught:
                await client.link.send(HANGUP, deadline=0.05)
            assert (caught.value.action, caught.value.deadline_s) == ("Hangup", 0.05)
            assert client.link.stats.pending == 0
            peer.answer(await peer.read_action())
            peer.event("Marker")
            await client.next_event("Marker")
            stats = client.link.stats
            assert (stats.late_answers, stats.timed_out, stats.pending) == (1, 1, 0)
            assert client.link.state.up

    async def test_link_ends_a_list_that_never_completes_and_drops_its_late_items(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            listing = asyncio.create_task(
                client.link.send_list(Action.of("CoreShowChannels"), deadline=0.05)
            )
            action = await peer.read_action()
            peer.answer(action, EventList="start")
            peer.event("CoreShowChannel", ActionID=action.action_id)
            with pytest.raises(ActionTimedOut):
                await listing
            peer.event("CoreShowChannel", ActionID=action.action_id)
            peer.event("Marker")
            names = [(await client.events.get()).event for _ in range(2)]
            assert names == ["FullyBooted", "Marker"]
            assert client.link.stats.pending == 0

    async def test_link_forgets_an_action_whose_sender_was_cancelled(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            sending = asyncio.create_task(client.link.send(HANGUP))
            await peer.read_action()
            assert client.link.stats.pending == 1
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert client.link.stats.pending == 0


class TestReconnectWithUnansweredOriginate:
    async def test_stock_sends_it_again(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            client.manager.send_action(STOCK_ORIGINATE)
            first = await peer.read_action()
            peer.close()
            second_peer = await server.accept()
            await second_peer.log_in()
            again = await second_peer.read_action()
            assert (again.name, again.action_id) == ("Originate", first.action_id)

    async def test_link_fails_it_with_link_lost_and_never_repeats_it(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            originating = asyncio.create_task(client.link.send(ORIGINATE))
            assert (await peer.read_action()).action_id == "offer.8001.1"
            peer.close()
            with pytest.raises(LinkLost) as caught:
                await originating
            assert caught.value.sent
            second_peer = await server.accept()
            await second_peer.log_in()
            await client.until(Phase.UP)
            marking = asyncio.create_task(client.link.send(HANGUP))
            action = await second_peer.read_action()
            assert action.name == "Hangup"
            second_peer.answer(action)
            await marking

    async def test_link_sends_nothing_while_it_is_down(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            peer.close()
            await client.until_lost(Cause.CLOSED)
            with pytest.raises(LinkLost) as caught:
                await client.link.send(ORIGINATE)
            assert not caught.value.sent
            second_peer = await server.accept()
            await second_peer.log_in()
            await client.until(Phase.UP)
            marking = asyncio.create_task(client.link.send(HANGUP))
            action = await second_peer.read_action()
            assert action.name == "Hangup"
            second_peer.answer(action)
            await marking


class TestLineBreakInValue:
    poison = "x\r\n\r\nAction: Command\r\nCommand: core stop now"

    async def test_stock_writes_a_second_action(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            client.manager.send_action({"Action": "Setvar", "Value": self.poison})
            assert (await peer.read_action()).name == "Setvar"
            smuggled = await peer.read_action()
            assert (smuggled.name, smuggled.get("Command")) == ("Command", "core stop now")

    @pytest.mark.parametrize("poison", [poison, "x\rAction: y", "x\nAction: y", "x\0y", "x\x1by"])
    async def test_link_refuses_and_writes_nothing(self, poison: str) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            with pytest.raises(UnsafeValue) as caught:
                await client.link.send(Action.of("Setvar", Value=poison))
            assert caught.value.key == "Value"
            assert client.link.stats.pending == 0
            marking = asyncio.create_task(client.link.send(HANGUP))
            action = await peer.read_action()
            assert action.name == "Hangup"
            peer.answer(action)
            await marking


class TestOriginateResponse:
    async def test_stock_swallows_it(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            future = client.manager.send_action(STOCK_ORIGINATE)
            action = await peer.read_action()
            peer.answer(action, Message="Originate successfully queued")
            peer.event("OriginateResponse", ActionID=action.action_id, Response="Failure")
            peer.event("Marker")
            assert (await client.events.get()).event == "Marker"
            assert len(await future) == 2

    async def test_link_answers_at_once_and_delivers_the_event(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            originating = asyncio.create_task(client.link.send(ORIGINATE))
            action = await peer.read_action()
            peer.answer(action, Message="Originate successfully queued")
            answer = await originating
            assert answer.get("Message") == "Originate successfully queued"
            peer.event("OriginateResponse", ActionID="offer.8001.1", Response="Failure", Reason="5")
            event = await client.next_event("OriginateResponse")
            assert event.get("ActionID") == "offer.8001.1"
            assert (event.response, event.get("Response"), event.get("Reason")) == (
                "",
                "Failure",
                "5",
            )


async def test_a_refused_action_raises_with_asterisks_reason() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        sending = asyncio.create_task(client.link.send(HANGUP))
        peer.answer(await peer.read_action(), "Error", Message="No such channel")
        with pytest.raises(ActionRefused) as caught:
            await sending
        assert (caught.value.action, caught.value.reason) == ("Hangup", "No such channel")
        assert client.link.stats.pending == 0


async def test_answers_find_their_senders_in_any_order() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        first = asyncio.create_task(client.link.send(Action.of("Getvar", Variable="A")))
        second = asyncio.create_task(client.link.send(Action.of("Getvar", Variable="B")))
        actions = {a.get("Variable"): a for a in [await peer.read_action() for _ in range(2)]}
        peer.answer(actions["B"], Value="b")
        peer.answer(actions["A"], Value="a")
        assert [(await first).get("Value"), (await second).get("Value")] == ["a", "b"]


async def test_a_list_gives_its_items_in_order_and_other_events_go_on() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        listing = asyncio.create_task(client.link.send_list(Action.of("CoreShowChannels")))
        action = await peer.read_action()
        own = action.action_id
        peer.answer(action, EventList="start", Message="Channels will follow")
        peer.event("CoreShowChannel", ActionID=own, Channel="PJSIP/8001-1")
        peer.event("Newchannel", Uniqueid="9")
        peer.event("CoreShowChannel", ActionID=own, Channel="PJSIP/8002-2")
        peer.event("CoreShowChannelsComplete", ActionID=own, EventList="Complete", ListItems="2")
        items = await listing
        assert [item.get("Channel") for item in items] == ["PJSIP/8001-1", "PJSIP/8002-2"]
        assert (await client.next_event("Newchannel")).get("Uniqueid") == "9"
        assert client.events.empty()


async def test_an_old_list_ends_with_the_event_named_by_the_caller() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        listing = asyncio.create_task(
            client.link.send_list(Action.of("DBGet"), complete_event="DBGetComplete")
        )
        action = await peer.read_action()
        peer.answer(action, Message="Result will follow")
        peer.event("DBGetResponse", ActionID=action.action_id, Val="1")
        peer.event("DBGetComplete", ActionID=action.action_id)
        assert [item.get("Val") for item in await listing] == ["1"]


@pytest.mark.parametrize("how", ["refused", "cancelled"])
async def test_a_list_that_is_refused_or_cancelled_raises(how: str) -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        listing = asyncio.create_task(client.link.send_list(Action.of("QueueStatus")))
        action = await peer.read_action()
        if how == "refused":
            peer.answer(action, "Error", Message="Permission denied")
        else:
            peer.answer(action, EventList="start")
            peer.event("QueueStatusComplete", ActionID=action.action_id, EventList="cancelled")
        with pytest.raises(ActionRefused):
            await listing


async def test_an_own_action_id_cannot_wait_twice() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        first = asyncio.create_task(client.link.send(ORIGINATE))
        action = await peer.read_action()
        with pytest.raises(UnsafeValue):
            await client.link.send(ORIGINATE)
        peer.answer(action)
        await first
