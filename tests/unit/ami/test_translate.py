"""AMI events as reports: what each field means, and what is nothing to us."""

from __future__ import annotations

import pytest

from cti import facts
from cti.ami.translate import (
    EVENT_NAMES,
    LIST_EVENT_NAMES,
    device_state,
    snapshot,
    translate,
)
from cti.facts import DeviceState, Report
from cti.ids import BridgeId, ChannelId, OfferId, QueueId, SeatId

AT = 1_790_000_000_123_456


class Said:
    """A message; a list repeats its key."""

    def __init__(self, **headers: str | list[str]) -> None:
        self._headers = headers

    def get_all(self, key: str) -> list[str]:
        value = self._headers.get(key, [])
        return [value] if isinstance(value, str) else value

    def get(self, key: str) -> str:
        return (self.get_all(key) or [""])[0]

    def items(self) -> list[tuple[str, str]]:
        return [(key, value) for key in self._headers for value in self.get_all(key)]


def told(event: str, **headers: str | list[str]) -> Report | None:
    return translate(event, Said(**headers), AT)


def test_channel_is_told_with_who_calls_and_where_it_came_in() -> None:
    assert told(
        "Newchannel",
        Uniqueid="jt1-1.1",
        Linkedid="jt1-1.1",
        Channel="PJSIP/trunk-1",
        Context="from-trunk",
        Exten="12345",
        CallerIDNum="<unknown>",
        CallerIDName="张三",
    ) == facts.ChannelCreated(
        at=AT,
        channel=ChannelId("jt1-1.1"),
        name="PJSIP/trunk-1",
        linked=ChannelId("jt1-1.1"),
        context="from-trunk",
        exten="12345",
        caller_number="",
        caller_name="张三",
    )


@pytest.mark.parametrize(
    ("state", "kind"),
    [("5", facts.ChannelRang), ("6", facts.ChannelAnswered), ("4", None), ("", None)],
)
def test_only_ringing_and_up_are_states_of_interest(state: str, kind: type | None) -> None:
    report = told("Newstate", Uniqueid="c", ChannelState=state)
    assert report is None if kind is None else isinstance(report, kind)


@pytest.mark.parametrize(
    ("cause", "read"),
    [("16", 16), ("", 0), ("-1", 0), ("٣", 0), ("1e3", 0), ("9" * 5000, 0)],
)
def test_cause_that_is_no_number_is_zero(cause: str, read: int) -> None:
    report = told("Hangup", Uniqueid="c", Cause=cause)
    assert report == facts.ChannelHungUp(at=AT, channel=ChannelId("c"), cause=read)


def test_hang_up_asked_by_the_far_end_is_told_from_our_own() -> None:
    channel = ChannelId("c")
    assert told("HangupRequest", Uniqueid="c", Cause="17") == facts.ChannelHangupAsked(
        at=AT, channel=channel, cause=17, by_far_end=True
    )
    assert told("SoftHangupRequest", Uniqueid="c", Cause="17") == facts.ChannelHangupAsked(
        at=AT, channel=channel, cause=17, by_far_end=False
    )


def test_hold_and_back() -> None:
    for event, on in (("Hold", True), ("Unhold", False)):
        held = facts.ChannelHeld(at=AT, channel=ChannelId("offer.1001.5"), on=on)
        assert told(event, Uniqueid="offer.1001.5") == held


def test_progress_is_a_phone_that_rings_and_other_dial_states_are_told_elsewhere() -> None:
    progress = told("DialState", DestUniqueid="offer.1001.5", DialStatus="PROGRESS")
    assert progress == facts.ChannelRang(at=AT, channel=ChannelId("offer.1001.5"))
    assert told("DialState", DestUniqueid="offer.1001.5", DialStatus="RINGING") is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Unreachable", DeviceState.UNREACHABLE),
        ("Unregistered", DeviceState.UNREACHABLE),
        ("Reachable", DeviceState.UNKNOWN),
        ("Registered", None),
    ],
)
def test_a_phone_that_is_lost_is_told_while_its_device_state_tells_of_a_channel(
    status: str, state: DeviceState | None
) -> None:
    report = told("PeerStatus", Peer="PJSIP/1001", PeerStatus=status)
    changed = state and facts.DeviceChanged(at=AT, device="PJSIP/1001", state=state)
    assert report == changed


def test_bridges_and_the_end_of_a_menu_command() -> None:
    bridge, channel = BridgeId("b"), ChannelId("c")
    assert told("BridgeEnter", BridgeUniqueid="b", Uniqueid="c") == facts.BridgeJoined(
        at=AT, bridge=bridge, channel=channel
    )
    assert told("BridgeLeave", BridgeUniqueid="b", Uniqueid="c") == facts.BridgeLeft(
        at=AT, bridge=bridge, channel=channel
    )
    assert told(
        "AGIExecEnd", Uniqueid="c", Command="STREAM FILE", Result="Success"
    ) == facts.AgiCommandEnded(at=AT, channel=channel, command="STREAM FILE", result="Success")


def test_mark_takes_our_own_headers_and_not_the_channels_of_the_same_name() -> None:
    report = told(
        "UserEvent",
        UserEvent="CTI",
        Uniqueid="c",
        Mark="queued",
        Priority=["1", "3"],
        Language=["en", "zh-CN"],
        Queue="repairs",
        Key="",
    )
    assert report == facts.FlowMarked(
        at=AT,
        channel=ChannelId("c"),
        mark="queued",
        data=(("Queue", "repairs"), ("Priority", "3"), ("Language", "zh-CN")),
    )
    assert told("UserEvent", UserEvent="Other", Uniqueid="c") is None


def test_originates_end_is_told_for_our_offers_only() -> None:
    assert told(
        "OriginateResponse", ActionID="offer.1001.5", Response="Failure", Reason="0"
    ) == facts.OriginateEnded(at=AT, offer=OfferId("offer.1001.5"), accepted=False, reason=0)
    assert told("OriginateResponse", ActionID="77", Response="Success") is None


@pytest.mark.parametrize(
    ("state", "meant"),
    [
        ("NOT_INUSE", DeviceState.IDLE),
        ("RINGING", DeviceState.IN_USE),
        ("ONHOLD", DeviceState.IN_USE),
        ("UNAVAILABLE", DeviceState.UNREACHABLE),
        ("INVALID", DeviceState.UNREACHABLE),
        ("UNKNOWN", DeviceState.UNKNOWN),
        ("a new word", DeviceState.UNKNOWN),
    ],
)
def test_device_states(state: str, meant: DeviceState) -> None:
    assert device_state(state) is meant
    assert told("DeviceStateChange", Device="PJSIP/1001", State=state) == facts.DeviceChanged(
        at=AT, device="PJSIP/1001", state=meant
    )
    assert told("DeviceStateChange", Device="Queue:repairs_avail", State=state) is None


@pytest.mark.parametrize("event", [*EVENT_NAMES, *LIST_EVENT_NAMES, "FullyBooted", ""])
def test_event_without_a_single_header_is_survived(event: str) -> None:
    report = told(event)
    assert report is None or report.at == AT


def test_snapshot_is_channels_members_and_phones() -> None:
    taken = snapshot(
        AT,
        [
            Said(
                Uniqueid="c",
                Linkedid="c",
                Channel="PJSIP/trunk-1",
                Context="waiting-room",
                Application="MusicOnHold",
                ChannelState="6",
                BridgeID="",
                CallerIDNum="13800000001",
                CallerIDName="<unknown>",
                Variable=["CTI_CALL=c", "CTI_LANG=", "CTI_QUEUE=(null)", "CTI_HOTLINE=a=b"],
            )
        ],
        [
            Said(
                Queue="repairs",
                Name="1001",
                Location="PJSIP/1001",
                StateInterface="PJSIP/1001",
                Paused="1",
                PausedReason="午休",
            )
        ],
        [
            Said(Device="PJSIP/1001", State="NOT_INUSE"),
            Said(Device="Queue:repairs_avail", State="INUSE"),
        ],
    )
    (channel,), (member,) = taken.channels, taken.members
    assert (channel.channel, channel.up, channel.bridge, channel.caller_name) == ("c", True, "", "")
    assert channel.variables == (("CTI_CALL", "c"), ("CTI_HOTLINE", "a=b"))
    assert member == facts.MemberSeen(
        queue=QueueId("repairs"),
        seat=SeatId("1001"),
        device="PJSIP/1001",
        paused=True,
        reason="午休",
    )
    assert taken.devices == (("PJSIP/1001", DeviceState.IDLE),)


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ('SET VARIABLE CTI_FLOW_STATE "account=20240017"', "SET VARIABLE"),
        ("SET VARIABLE PIN 739", "SET VARIABLE"),
        ('EXEC UserEvent "CTI,Mark:customer,Customer:20240017"', "EXEC UserEvent"),
        ('STREAM FILE "/prompts/zh-CN/greeting" "0123"', None),
        ('stream file "/prompts/zh-CN/greeting" ""', None),
        ("WAIT FOR DIGIT 5000", "WAIT FOR"),
        ("ANSWER", "ANSWER"),
        ("", ""),
    ],
)
def test_an_agi_command_is_kept_without_what_it_writes(command: str, kept: str | None) -> None:
    report = told("AGIExecEnd", Uniqueid="jt1-1.1", Command=command, Result="Success")
    assert isinstance(report, facts.AgiCommandEnded)
    assert report.command == (command if kept is None else kept)
