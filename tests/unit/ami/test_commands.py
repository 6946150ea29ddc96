"""Effects as actions: what is written, in which order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cti.ami.commands import actions_for, subject_of
from cti.ami.errors import UnsafeValue
from cti.effects import (
    ChangeMonitor,
    DropMember,
    Effect,
    HangUp,
    KeepMember,
    KeepOnChannel,
    OriginateCallback,
    OriginateCustomer,
    OriginateSeat,
    Resync,
    ReturnToWaitingRoom,
    RingMonitor,
    SendToFlow,
    StoreRecording,
    SweepSpool,
    TransferCaller,
    WithdrawLeg,
)
from cti.facts import MonitorMode
from cti.ids import CallbackId, CallId, ChannelId, MonitorId, OfferId, QueueId, SeatId

CALLER = ChannelId("jt1-1790000000.7")
ORIGINATE = OriginateSeat(
    offer=OfferId("offer.1001.5"),
    seat=SeatId("1001"),
    device="PJSIP/1001",
    call=CallId(CALLER),
    queue=QueueId("repairs"),
    caller_channel="PJSIP/trunk-00000001",
    caller_number="13800000001",
    caller_name="张三",
    ring_us=15_000_000,
    recording="jt1-1790000000.7--offer.1001.5.raw",
)
MEMBER = KeepMember(
    queue=QueueId("repairs"), seat=SeatId("1001"), device="PJSIP/1001", paused=True, reason="午休"
)


def lines(effect: Effect) -> list[list[str]]:
    """Each action as its lines on the wire, without the ActionID."""
    written = [action.encode("x").decode().split("\r\n") for action in actions_for(effect) or []]
    return [[line for line in one if line and line != "ActionID: x"] for one in written]


def test_offer_asks_the_phone_to_answer_by_itself_where_the_queue_says_so() -> None:
    (action,) = lines(replace(ORIGINATE, auto_answer=True))
    assert [line for line in action if "PJSIP_HEADER" in line] == [
        "Variable: PJSIP_HEADER(add,Call-Info)=<sip:auto-answer>;answer-after=0",
        "Variable: PJSIP_HEADER(add,Alert-Info)=<http://auto-answer>;info=alert-autoanswer;delay=0",
    ]
    assert not any("PJSIP_HEADER" in line for line in lines(ORIGINATE)[0])


def test_a_leg_is_told_that_it_is_withdrawn_before_it_is_asked_whom_it_has() -> None:
    assert lines(WithdrawLeg(channel=ChannelId("offer.1001.5"))) == [
        ["Action: Setvar", "Channel: offer.1001.5", "Variable: CTI_WITHDRAWN", "Value: 1"],
        ["Action: Getvar", "Channel: offer.1001.5", "Variable: CTI_TAKEN"],
    ]


def test_offer_rings_the_seats_device_under_our_own_id() -> None:
    (action,) = actions_for(ORIGINATE) or []
    assert (action.get("ActionID"), action.get("ChannelId")) == ("offer.1001.5", "offer.1001.5")
    assert lines(ORIGINATE) == [
        [
            "Action: Originate",
            "Channel: PJSIP/1001",
            "ChannelId: offer.1001.5",
            "Context: seat-leg",
            "Exten: s",
            "Priority: 1",
            "Timeout: 15000",
            'CallerID: "张三" <13800000001>',
            "Async: true",
            "Variable: CTI_CALL=jt1-1790000000.7",
            "Variable: CTI_SEAT=1001",
            "Variable: CTI_OFFER=offer.1001.5",
            "Variable: CTI_QUEUE=repairs",
            "Variable: CTI_CALLER=PJSIP/trunk-00000001",
            "Variable: CTI_RECORDING=jt1-1790000000.7--offer.1001.5.raw",
        ]
    ]


@pytest.mark.parametrize(
    "name",
    [
        'a"<1>\r\nAction: Command',
        "x\nChannel: Local/1",
        "\0",
        "${SHELL(id)}",
        "a,b&c/d",
        "\u202egnp",
    ],
)
def test_callers_name_stays_inside_the_caller_id(name: str) -> None:
    (action,) = lines(replace(ORIGINATE, caller_name=name, caller_number="1\r\n${X}2"))
    assert [line for line in action if line.startswith(("Channel:", "Action:"))] == [
        "Action: Originate",
        "Channel: PJSIP/1001",
    ]
    (caller,) = [line for line in action if line.startswith("CallerID")]
    assert caller.endswith('" <12>')
    assert caller.count('"') == 2
    assert len(action) == 15


@pytest.mark.parametrize(
    "device",
    ["Local/1001@from-trunk", "PJSIP/1001&PJSIP/1002", "PJSIP/trunk/sip:1@evil", "PJSIP/1,60", ""],
)
def test_device_that_would_ring_elsewhere_is_refused(device: str) -> None:
    with pytest.raises(UnsafeValue):
        actions_for(replace(ORIGINATE, device=device))
    with pytest.raises(UnsafeValue):
        actions_for(replace(MEMBER, device=device))


@pytest.mark.parametrize("channel", ["/.*/", "", "a b", "x\r\nAction: Command", "all,x"])
def test_channel_that_is_no_id_is_refused(channel: str) -> None:
    wrong = ChannelId(channel)
    for effect in (
        HangUp(channel=wrong),
        KeepOnChannel(channel=wrong, variables=(("CTI_T_ARRIVED", "1"),)),
        ReturnToWaitingRoom(channel=wrong),
        replace(ORIGINATE, offer=OfferId(channel)),
    ):
        with pytest.raises(UnsafeValue):
            actions_for(effect)


def test_member_is_added_and_then_paused_so_that_both_meet_one_that_is_there() -> None:
    assert lines(MEMBER) == [
        [
            "Action: QueueAdd",
            "Queue: repairs",
            "Interface: PJSIP/1001",
            "MemberName: 1001",
            "StateInterface: PJSIP/1001",
            "Paused: true",
        ],
        [
            "Action: QueuePause",
            "Queue: repairs",
            "Interface: PJSIP/1001",
            "Paused: true",
            "Reason: 午休",
        ],
    ]
    assert lines(replace(MEMBER, paused=False, reason=""))[1][3:] == ["Paused: false", "Reason: "]


def test_the_other_effects_are_one_action_each_or_one_for_each_variable() -> None:
    assert lines(HangUp(channel=CALLER)) == [
        ["Action: Hangup", f"Channel: {CALLER}", "Cause: 16"],
    ]
    assert lines(ReturnToWaitingRoom(channel=CALLER)) == [
        [
            "Action: Redirect",
            f"Channel: {CALLER}",
            "Context: waiting-room",
            "Exten: s",
            "Priority: 1",
        ]
    ]
    kept = KeepOnChannel(channel=CALLER, variables=(("CTI_T_ASKED", "5"), ("CTI_T_PROMPT", "6")))
    assert [action[2:] for action in lines(kept)] == [
        ["Variable: CTI_T_ASKED", "Value: 5"],
        ["Variable: CTI_T_PROMPT", "Value: 6"],
    ]
    dropped = DropMember(queue=QueueId("bills"), seat=SeatId("1001"), device="PJSIP/1001")
    assert lines(dropped) == [["Action: QueueRemove", "Queue: bills", "Interface: PJSIP/1001"]]


def test_a_caller_is_sent_to_a_flow_after_the_seats_leg_has_been_told_to_wait() -> None:
    sent = SendToFlow(channel=CALLER, leg=OfferId("offer.1001.5"), flow="identify")
    assert [one[2:] for one in lines(sent)] == [
        ["Variable: CTI_VISIT", "Value: away"],
        ["Variable: CTI_FLOW", "Value: identify"],
        ["Variable: CTI_SEAT_LEG", "Value: offer.1001.5"],
        ["Context: seat-flow", "Exten: s", "Priority: 1"],
    ]
    assert {one[1] for one in lines(sent)} == {f"Channel: {CALLER}"}
    assert [one[0] for one in lines(sent)] == [*["Action: Setvar"] * 3, "Action: Redirect"]
    assert subject_of(sent) == CALLER


@pytest.mark.parametrize("flow", ["", "a b", "a,1", "${SHELL(x)}", "a\r\nAction: Originate"])
def test_a_flow_that_is_no_word_never_reaches_asterisk(flow: str) -> None:
    with pytest.raises(UnsafeValue):
        actions_for(SendToFlow(channel=CALLER, leg=OfferId("offer.1001.5"), flow=flow))


def transfer(**parts: Any) -> TransferCaller:
    given: dict[str, Any] = {
        "channel": CALLER,
        "to": "seat",
        "target": "repairs",
        "seat": "1002",
        "priority": 1,
        "keep_skills": True,
    }
    return TransferCaller(**given | parts)


def test_a_caller_is_given_away_after_it_was_written_where_to() -> None:
    assert [one[2:] for one in lines(transfer())] == [
        ["Variable: CTI_TO", "Value: seat"],
        ["Variable: CTI_TO_TARGET", "Value: repairs"],
        ["Variable: CTI_TO_SEAT", "Value: 1002"],
        ["Variable: CTI_TO_PRIORITY", "Value: 1"],
        ["Variable: CTI_TO_SKILLS", "Value: keep"],
        ["Context: transferred", "Exten: s", "Priority: 1"],
    ]
    assert {one[1] for one in lines(transfer())} == {f"Channel: {CALLER}"}
    assert subject_of(transfer()) == CALLER
    other = lines(transfer(to="queue", seat="", keep_skills=False))
    assert [one[3:] for one in other[2:5]] == [["Value: "], ["Value: 1"], ["Value: "]]


@pytest.mark.parametrize("bad", ["a b", "a,1", "${SHELL(x)}", "a\r\nAction: Originate"])
@pytest.mark.parametrize("field", ["to", "target", "seat"])
def test_a_target_that_is_no_word_never_reaches_asterisk(field: str, bad: str) -> None:
    with pytest.raises(UnsafeValue):
        actions_for(transfer(**{field: bad}))


@pytest.mark.parametrize(("mode", "spy"), [("listen", ""), ("whisper", "w"), ("barge", "B")])
def test_a_phone_that_listens_is_rung_for_one_leg_only(mode: MonitorMode, spy: str) -> None:
    ring = RingMonitor(
        monitor=MonitorId("monitor.1003.9"),
        device="PJSIP/1003",
        spied=ChannelId("offer.1001.5"),
        seat=SeatId("1001"),
        mode=mode,
        by="li",
    )
    (asked,) = lines(ring)
    assert {"Channel: PJSIP/1003", "ChannelId: monitor.1003.9", "Context: monitoring"} <= {*asked}
    assert f"Variable: CTI_SPY={spy}" in asked
    assert "Variable: CTI_SPIED=offer.1001.5" in asked
    assert subject_of(ring) == "monitor.1003.9"
    change = ChangeMonitor(channel=ChannelId("monitor.1003.9"), mode=mode)
    assert lines(change)[0][2:] == ["Variable: CTI_SPY", f"Value: {spy}"]
    assert lines(change)[-1][2:] == ["Context: monitoring", "Exten: s", "Priority: spy"]


def test_what_is_not_asterisks_business_is_no_action() -> None:
    stored = StoreRecording(call=CallId("c"), offer=OfferId("o"), seat=SeatId("s"), file="c--o.raw")
    for effect in (Resync(why="x"), SweepSpool(living=()), stored):
        assert actions_for(effect) is None


def test_failure_tells_the_offer_before_the_channel_before_the_seat() -> None:
    assert subject_of(ORIGINATE) == "offer.1001.5"
    assert subject_of(HangUp(channel=CALLER)) == CALLER
    assert subject_of(MEMBER) == "1001"
    assert subject_of(Resync(why="x")) == ""


CALL_BACK = OriginateCallback(
    offer=OfferId("callback.1001.5"),
    seat=SeatId("1001"),
    device="PJSIP/1001",
    callback=CallbackId("back.jt1-1.7"),
    call=CallId("jt1-1.7"),
    queue=QueueId("repairs"),
    number="13800001111",
    hotline="12345",
    language="zh-CN",
    ring_us=15_000_000,
    customer_ring_us=30_000_000,
    recording="jt1-1.7--callback.1001.5.raw",
    say_seat="/p/zh-CN/callback/seat",
    say_customer="/p/zh-CN/callback/answer",
)


def test_callback_rings_the_seats_device_and_carries_the_number_in_a_variable_only() -> None:
    (written,) = lines(CALL_BACK)
    assert written[:7] == [
        "Action: Originate",
        "Channel: PJSIP/1001",
        "ChannelId: callback.1001.5",
        "Context: seat-leg",
        "Exten: s",
        "Priority: 1",
        "Timeout: 15000",
    ]
    assert "Async: true" in written
    assert 'CallerID: "" <13800001111>' in written
    for variable in (
        "CTI_CALLBACK=back.jt1-1.7",
        "CTI_NUMBER=13800001111",
        "CTI_RING=30",
        "_CTI_LANG=zh-CN",
        "CTI_SAY_CUSTOMER=/p/zh-CN/callback/answer",
        "CTI_RECORDING=jt1-1.7--callback.1001.5.raw",
    ):
        assert f"Variable: {variable}" in written


CALL_CUSTOMER = OriginateCustomer(
    offer=OfferId("customer.1001.5"),
    callback=CallbackId("back.jt1-1.7"),
    call=CallId("jt1-1.7"),
    queue=QueueId("repairs"),
    number="13800001111",
    hotline="12345",
    language="zh-CN",
    priority=4,
    skills=("gas:3", "night"),
    since=1_800_000_000_000_000,
    ring_us=30_000_000,
)


def test_customer_who_is_rung_first_is_dialled_through_the_trunk_and_sees_the_hotline() -> None:
    (written,) = lines(CALL_CUSTOMER)
    assert written[:7] == [
        "Action: Originate",
        "Channel: PJSIP/13800001111@trunk",
        "ChannelId: customer.1001.5",
        "Context: customer-called",
        "Exten: s",
        "Priority: 1",
        "Timeout: 30000",
    ]
    assert 'CallerID: "" <12345>' in written
    for variable in ("CTI_SKILLS=gas:3+night", "CTI_T_QUEUED=1800000000000000", "CTI_PRIORITY=4"):
        assert f"Variable: {variable}" in written
    assert not [one for one in written if one.startswith("Variable: CTI_CALL=")], "not yet a caller"


@pytest.mark.parametrize("number", ["", "12", "138@evil", "138&PJSIP/1", "138/x", "+86138000"])
def test_customer_with_a_number_that_is_none_is_not_dialled(number: str) -> None:
    with pytest.raises(UnsafeValue):
        lines(replace(CALL_CUSTOMER, number=number))


@pytest.mark.parametrize(
    "number",
    [
        "",
        "12",
        "1" * 21,
        "138&139",
        "138@evil",
        "138/x",
        "138,30,A",
        "138\r\nAction: x",
        "１３８",
        "+86138",
    ],
)
def test_number_that_is_not_digits_never_reaches_asterisk(number: str) -> None:
    with pytest.raises(UnsafeValue):
        actions_for(replace(CALL_BACK, number=number))


def test_callback_to_a_device_that_is_no_seats_is_refused() -> None:
    with pytest.raises(UnsafeValue):
        actions_for(replace(CALL_BACK, device="PJSIP/1001&PJSIP/1002"))
