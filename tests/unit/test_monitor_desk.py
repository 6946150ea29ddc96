"""Listening to talks: written down before anybody hears anything, and never behind its back."""

from __future__ import annotations

import pytest

from cti.api.errors import CommandRefused, NotNoted
from cti.effects import ChangeMonitor, HangUp, RingMonitor
from cti.facts import (
    AnomalySeen,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    DeviceChanged,
    DeviceState,
    MonitorBegun,
    MonitorEnded,
    MonitorGranted,
    MonitorMode,
    OriginateEnded,
    SeatLeft,
    SeatState,
)
from cti.ids import CallId, ChannelId, OfferId, SeatId
from cti.monitor_desk import MonitorView
from tests.fakes.ears import Ears
from tests.unit.story import caller_seen, device_of, leg_seen

LEAD = SeatId("1002")


async def begin(ears: Ears, mode: MonitorMode = "listen") -> MonitorView:
    return await ears.desk.begin(ears.talk.caller, mode, by="li", at_seat=LEAD)


def picks_up(ears: Ears, view: MonitorView) -> None:
    talk, channel = ears.talk, ChannelId(view.monitor)
    talk.hear(
        ChannelCreated(
            at=talk.now,
            channel=channel,
            name=f"{device_of('1002')}-0000aa",
            linked=channel,
            context="from-seat",
            exten="s",
            caller_number="",
            caller_name="",
        )
    )
    talk.hear(ChannelAnswered(at=talk.now, channel=channel))


async def test_it_is_in_the_ledger_before_the_phone_is_rung() -> None:
    ears = Ears()
    view = await begin(ears, "whisper")
    kinds = [type(fact).__name__ for fact in ears.talk.facts]
    assert kinds[-3:] == ["MonitorWish", "MonitorGranted", "MonitorNoted"]
    assert ears.done == [
        RingMonitor(
            monitor=view.monitor,
            device=device_of("1002"),
            spied=ChannelId(ears.talk.leg),
            seat=SeatId("1001"),
            mode="whisper",
            by="li",
        )
    ]
    assert (view.seat, view.by, view.since_us) == ("1001", "li", 0)


async def test_a_ledger_that_takes_nothing_down_lets_nobody_listen() -> None:
    ears = Ears()
    ears.safe = False
    with pytest.raises(NotNoted):
        await begin(ears)
    assert not ears.done
    assert not ears.desk.all()
    ears.safe = True
    assert await begin(ears), "and nothing is left of it"


async def test_another_way_of_listening_is_written_down_first_too() -> None:
    ears = Ears()
    view = await begin(ears)
    picks_up(ears, view)
    ears.safe = False
    with pytest.raises(NotNoted):
        await ears.desk.change(view.monitor, "barge", by="li")
    assert not [one for one in ears.done if isinstance(one, ChangeMonitor)]
    assert [one.mode for one in ears.desk.all()] == ["listen"]
    ears.safe = True
    changed = await ears.desk.change(view.monitor, "barge", by="li")
    assert changed.mode == "barge"
    assert ears.done[-1] == ChangeMonitor(channel=ChannelId(view.monitor), mode="barge")
    assert [one.mode for one in ears.talk.all(MonitorGranted)] == ["listen", "barge", "barge"]


async def test_it_begins_with_the_answer_and_ends_with_the_phone() -> None:
    ears = Ears()
    view = await begin(ears)
    picks_up(ears, view)
    assert ears.talk.only(MonitorBegun).seat == "1001"
    ears.talk.wait(12)
    await ears.desk.stop(view.monitor, by="li")
    assert ears.done[-1] == HangUp(channel=ChannelId(view.monitor))
    gone = ChannelHungUp(at=ears.talk.now, channel=ChannelId(view.monitor), cause=16)
    ears.talk.hear(gone)
    ears.talk.hear(gone)
    assert 11_900_000 < ears.talk.only(MonitorEnded).heard_us < 12_100_000
    assert not ears.desk.all()
    assert not ears.talk.all(SeatLeft)
    assert ears.talk.seat("1001").state is SeatState.TALKING
    assert not ears.talk.all(AnomalySeen)


async def test_a_phone_that_is_not_answered() -> None:
    ears = Ears()
    view = await begin(ears)
    ears.talk.hear(
        OriginateEnded(at=ears.talk.now, offer=OfferId(view.monitor), accepted=False, reason=3)
    )
    assert ears.talk.only(MonitorEnded).heard_us == 0
    assert not ears.desk.all()


async def test_whoever_has_no_phone_free_hears_nothing() -> None:
    ears = Ears()
    with pytest.raises(CommandRefused, match="your phone is in a call"):
        await ears.desk.begin(ears.talk.caller, "listen", by="li", at_seat=SeatId("1001"))
    with pytest.raises(CommandRefused, match="not one of the site's"):
        await ears.desk.begin(ears.talk.caller, "listen", by="li", at_seat=SeatId("9"))
    talk = ears.talk
    talk.hear(DeviceChanged(at=talk.now, device=device_of("1002"), state=DeviceState.UNREACHABLE))
    with pytest.raises(CommandRefused, match="cannot be reached"):
        await begin(ears)
    assert not ears.done


async def test_nobody_listens_twice_or_to_who_does_not_talk() -> None:
    ears = Ears()
    await begin(ears)
    with pytest.raises(CommandRefused, match="listens to a talk already"):
        await begin(ears)
    with pytest.raises(CommandRefused, match="does not talk"):
        await ears.desk.begin(CallId("1.1"), "listen", by="li", at_seat=SeatId("1003"))


async def test_the_talk_ends_while_it_is_written_down() -> None:
    ears = Ears()
    wish = ears.desk.begin(ears.talk.caller, "listen", by="li", at_seat=LEAD)
    noted = ears._noted

    async def slow(asked: object) -> object:
        step = await noted(asked)  # type: ignore[arg-type]
        ears.talk.hang_up_begins(ears.talk.leg)
        ears.talk.channel_gone(ears.talk.leg)
        return step

    ears.desk._noted = slow  # type: ignore[assignment]
    with pytest.raises(CommandRefused, match="just ended"):
        await wish
    assert not [one for one in ears.done if isinstance(one, RingMonitor)]
    assert ears.talk.only(MonitorEnded)


async def test_a_snapshot_tells_who_has_hung_up_unseen_and_a_new_daemon_finds_who_listens() -> None:
    ears = Ears()
    view = await begin(ears)
    picks_up(ears, view)
    talk = ears.talk
    bridged = {"bridge": talk.bridge}
    caller = caller_seen(talk.caller, **bridged)
    leg = leg_seen(talk.leg, talk.caller, "1001", up=True, **bridged)
    ear = leg_seen(
        view.monitor, "", "1002", up=True, spied=talk.leg, monitor_by="li", monitor_mode="barge"
    )
    talk.daemon_restarts()
    talk.snapshot(caller, leg, ear)
    ears.desk._monitors = talk.tracker.monitoring.all
    found = ears.desk.all()
    assert [(one.monitor, one.by, one.mode) for one in found] == [(view.monitor, "li", "barge")]
    assert not talk.hung_up(lately=True)
    talk.snapshot(caller, leg)
    assert talk.only(MonitorEnded).monitor == view.monitor
