"""Numbers outside: what the dialplan's marks and the outside leg's channel say together."""

from __future__ import annotations

from typing import Literal

import pytest

from cti.effects import HangUp
from cti.facts import (
    CallEnded,
    CallPhase,
    CallQueued,
    CallRecovered,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelSeen,
    OutsideDialled,
    OutsideRung,
)
from cti.ids import BridgeId, CallId, ChannelId
from tests.unit.story import HOTLINE, SECOND, START, Story, caller_seen

CALL = "1799999990.7"
LEG = ChannelId("1799999999.8")


class Dialling(Story):
    """A caller is put through to `water-police`; two seconds later it rings."""

    def __init__(self, *, waiting: bool = False) -> None:
        super().__init__()
        self.caller = self.call_waits() if waiting else self.call_arrives()
        self.dials()

    def dials(self) -> None:
        self.marks(self.caller, "outside-dials", target="water-police")
        self.hear(
            ChannelCreated(
                at=self.now,
                channel=LEG,
                name="PJSIP/trunk-00000009",
                linked=ChannelId(self.caller),
                context="from-trunk",
                exten="s",
                caller_number="",
                caller_name="",
            )
        )
        self.wait(2)

    def answered(self) -> None:
        self.hear(ChannelAnswered(at=self.now, channel=LEG))
        self.wait(30)

    def outside_hangs_up(self) -> None:
        self.hear(ChannelHangupAsked(at=self.now, channel=LEG, cause=16, by_far_end=True))
        self.hear(ChannelHungUp(at=self.now, channel=LEG, cause=16))

    def phase(self) -> CallPhase:
        view = self.call(self.caller)
        assert view is not None
        return view.phase


def outside_seen(call: str, *, up: bool, bridge: str = "", **variables: str) -> ChannelSeen:
    known = {"CTI_CALL": call} | {f"CTI_{name.upper()}": value for name, value in variables.items()}
    return ChannelSeen(
        channel=LEG,
        name="PJSIP/trunk-00000009",
        linked=ChannelId(call),
        context="from-trunk",
        application="AppDial",
        up=up,
        bridge=BridgeId(bridge),
        caller_number="to-water-police",
        caller_name="",
        variables=tuple(known.items()),
    )


def test_the_dialling_is_told_at_once_and_is_a_phase_of_its_own() -> None:
    call = Dialling()
    assert call.only(OutsideRung).target == "water-police"
    assert call.phase() is CallPhase.OUTSIDE
    assert not call.all(OutsideDialled)


def test_answered_and_ended_by_the_other_party() -> None:
    call = Dialling()
    call.answered()
    call.outside_hangs_up()
    call.hang_up_begins(call.caller)
    call.channel_gone(call.caller)
    dialled = call.only(OutsideDialled)
    assert (dialled.answered, dialled.ring_us, dialled.talk_us) == (True, 2 * SECOND, 30 * SECOND)
    ended = call.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("outside", "outside")


def test_answered_and_ended_by_the_caller() -> None:
    call = Dialling()
    call.answered()
    call.caller_hangs_up(call.caller)
    assert call.only(OutsideDialled).talk_us == 30 * SECOND
    assert (call.only(CallEnded).outcome, call.only(CallEnded).ended_by) == ("outside", "caller")


def test_the_caller_hangs_up_while_it_rings() -> None:
    call = Dialling()
    call.caller_hangs_up(call.caller)
    dialled = call.only(OutsideDialled)
    assert (dialled.answered, dialled.ring_us, dialled.detail) == (False, 2 * SECOND, "")
    assert (call.only(CallEnded).outcome, call.only(CallEnded).ended_by) == ("left-menu", "caller")


@pytest.mark.parametrize("why", ["busy", "no-answer", "failed"])
def test_nobody_answers_and_the_menu_goes_on(
    why: Literal["busy", "no-answer", "failed"],
) -> None:
    call = Dialling()
    call.marks(call.caller, "outside-failed", target="water-police", outcome=why)
    dialled = call.only(OutsideDialled)
    assert (dialled.answered, dialled.detail, dialled.talk_us) == (False, why, 0)
    assert call.phase() is CallPhase.MENU
    call.hear(ChannelHungUp(at=call.now, channel=LEG, cause=17))
    call.queued(call.caller)
    assert call.waiting() == [call.caller]


def test_a_second_try_is_told_by_itself() -> None:
    call = Dialling()
    call.marks(call.caller, "outside-failed", target="water-police", outcome="busy")
    call.wait(10)
    call.dials()
    call.answered()
    call.outside_hangs_up()
    call.channel_gone(call.caller)
    first, second = call.all(OutsideDialled)
    assert (first.answered, second.answered) == (False, True)
    assert second.ring_us == 2 * SECOND


def test_a_waiting_caller_who_is_put_through_is_in_no_line_and_comes_back_to_their_place() -> None:
    call = Dialling(waiting=True)
    queued_at = call.only(CallQueued).at
    later = call.call_waits()
    assert call.waiting() == [later]
    call.marks(call.caller, "outside-failed", target="water-police", outcome="busy")
    assert call.phase() is CallPhase.WAITING
    assert call.all(CallQueued)[-1].queued_at == queued_at
    assert call.waiting() == [call.caller, later]


def test_a_seat_that_rings_for_a_caller_who_is_put_through_is_let_go() -> None:
    story = Story()
    story.signs_on("1001")
    caller = story.call_waits()
    leg = story.rings("1001")
    story.marks(caller, "outside-dials", target="water-police")
    assert story.new(HangUp) == [HangUp(channel=ChannelId(leg))]


def test_a_waiting_caller_who_gives_up_while_it_rings_has_abandoned() -> None:
    call = Dialling(waiting=True)
    call.caller_hangs_up(call.caller)
    assert call.only(CallEnded).outcome == "abandoned"


def test_a_mark_for_a_number_that_was_never_dialled_says_nothing() -> None:
    story = Story()
    caller = story.call_arrives()
    story.marks(caller, "outside-failed", target="water-police", outcome="busy")
    assert not story.all(OutsideDialled)
    story.marks(CallId("1700000000.1"), "outside-dials", target="x")
    assert not story.all(OutsideRung)


# --------------------------------------------------------------------------------- absences


def test_a_new_daemon_finds_it_ringing() -> None:
    story = Story(link=False)
    dialled_at = str(START - 3 * SECOND)
    story.snapshot(
        caller_seen(CALL, "outside", outside="water-police", dialled_at=dialled_at),
        outside_seen(CALL, up=False),
    )
    found = story.only(CallRecovered)
    assert (found.phase, found.hotline) == (CallPhase.OUTSIDE, HOTLINE)
    story.wait(1)
    story.hear(ChannelAnswered(at=story.now, channel=LEG))
    story.wait(5)
    story.channel_gone(CALL)
    dialled = story.only(OutsideDialled)
    assert (dialled.target, dialled.ring_us, dialled.talk_us) == (
        "water-police", 4 * SECOND, 5 * SECOND,
    )  # fmt: skip


def test_a_new_daemon_finds_them_talking_and_knows_since_when() -> None:
    story = Story(link=False)
    story.snapshot(
        caller_seen(
            CALL, "outside", bridge="b", outside="water-police",
            dialled_at=str(START - 60 * SECOND),
        ),
        outside_seen(CALL, up=True, bridge="b", answered=str(START - 50 * SECOND)),
    )  # fmt: skip
    story.channel_gone(CALL)
    dialled = story.only(OutsideDialled)
    assert (dialled.ring_us, dialled.talk_us) == (10 * SECOND, 50 * SECOND)
    assert story.only(CallEnded).outcome == "outside"


def test_the_link_was_away_while_the_menu_put_the_caller_through() -> None:
    story = Story()
    caller = story.call_arrives()
    story.link_lost()
    story.snapshot(
        caller_seen(caller, "outside", outside="x", dialled_at=str(START - SECOND)),
        outside_seen(caller, up=False),
    )
    assert story.only(OutsideRung).at == START - SECOND
    story.hear(ChannelAnswered(at=story.now, channel=LEG))
    story.channel_gone(caller)
    assert story.only(OutsideDialled).answered


def test_the_link_was_away_while_nobody_answered() -> None:
    call = Dialling()
    call.link_lost()
    call.snapshot(caller_seen(call.caller, "menu", dialled="busy"))
    assert call.only(OutsideDialled).detail == "busy"
    assert call.phase() is CallPhase.MENU
