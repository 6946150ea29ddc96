"""Asterisk's own queues know the seats, so that callers are served while the daemon is away."""

from __future__ import annotations

from dataclasses import replace

from cti.effects import DropMember, KeepMember
from tests.unit.story import Story, member


def kept(story: Story) -> list[tuple[str, str, bool, str]]:
    return [(one.queue, one.seat, one.paused, one.reason) for one in story.new(KeepMember)]


def dropped(story: Story) -> list[tuple[str, str]]:
    return [(one.queue, one.seat) for one in story.new(DropMember)]


def test_seat_that_signs_on_becomes_a_member_of_its_queues() -> None:
    story = Story(queues_of={"1001": ("repairs", "bills"), "1002": ("bills",)})
    story.signs_on("1001")
    assert kept(story) == [("repairs", "1001", False, ""), ("bills", "1001", False, "")]
    story.signs_on("1002")
    assert kept(story) == [("bills", "1002", False, "")]


def test_pause_and_return_and_sign_off_are_told() -> None:
    story = Story(queues_of={"1001": ("repairs",)})
    story.signs_on("1001")
    story.wishes("1001", "pause", "lunch")
    assert kept(story) == [("repairs", "1001", True, "lunch")]
    story.wishes("1001", "ready")
    assert kept(story) == [("repairs", "1001", False, "")]
    story.wishes("1001", "sign-off")
    assert dropped(story) == [("repairs", "1001")]


def test_call_changes_nothing_about_the_membership() -> None:
    story = Story()
    story.signs_on("1001")
    before = len(story.all(KeepMember))
    story.call_waits()
    offer = story.rings("1001")
    story.answers("1001")
    story.hang_up_begins(offer)
    story.wait(60)
    assert len(story.all(KeepMember)) == before


def test_member_is_the_device_that_the_seat_has_chosen_also_after_a_restart() -> None:
    home = "PJSIP/1001-home"
    story = Story(queues_of={"1001": ("repairs",)}, more_devices={"1001": (home,)})
    story.wishes("1001", "sign-on", device=home)
    assert [one.device for one in story.new(KeepMember)] == [home]
    story.daemon_restarts()
    usual = member("1001")
    story.snapshot(members=(replace(usual, device=home), usual))
    assert story.seat("1001").device == home
    assert [one.device for one in story.new(KeepMember)] == [home]
    assert [one.device for one in story.new(DropMember)] == [usual.device], "it would ring, too"
    story.wishes("1001", "sign-off")
    assert [one.device for one in story.new(DropMember)] == [home]
    story.wishes("1001", "sign-on")
    assert [one.device for one in story.new(KeepMember)] == [usual.device]


def test_first_snapshot_is_the_truth_and_foreign_members_are_dropped() -> None:
    story = Story(link=False, queues_of={"1001": ("repairs",)})
    moved = replace(member("1001"), device="PJSIP/old-phone")
    story.snapshot(members=(member("1001"), member("9999"), member("1001", "bills"), moved))
    assert dropped(story) == [("repairs", "9999"), ("bills", "1001"), ("repairs", "1001")]
    assert story.new(DropMember)[-1].device == "PJSIP/old-phone"
    assert kept(story) == [("repairs", "1001", False, "")]


def test_later_snapshot_is_put_right_by_belief() -> None:
    story = Story(queues_of={"1001": ("repairs",), "1002": ("repairs",)})
    story.signs_on("1001", "1002")
    story.wishes("1002", "pause", "tea")
    story.link_lost()
    story.snapshot(members=(member("1002"), member("1003")))
    assert kept(story) == [("repairs", "1001", False, ""), ("repairs", "1002", True, "tea")]
    assert dropped(story) == [("repairs", "1003")]


def test_snapshot_that_agrees_changes_nothing() -> None:
    story = Story(queues_of={"1001": ("repairs",)})
    story.signs_on("1001")
    story.snapshot(members=(member("1001"),))
    assert not kept(story)
    assert not dropped(story)


def test_sign_off_that_was_lost_with_the_link_is_put_right() -> None:
    story = Story(queues_of={"1001": ("repairs",)})
    story.signs_on("1001")
    story.link_lost()
    story.wishes("1001", "sign-off")
    story.snapshot(members=(member("1001"),))
    assert dropped(story) == [("repairs", "1001")]


def test_seat_that_signed_on_before_there_was_a_link_becomes_a_member_with_the_first_snapshot() -> (
    None
):
    story = Story(link=False, queues_of={"1001": ("repairs",), "1002": ("repairs",)})
    story.signs_on("1001")
    kept(story)  # sent into the void: there is no link
    story.snapshot(members=(member("1002"),))
    assert sorted(kept(story)) == [("repairs", "1001", False, ""), ("repairs", "1002", False, "")]
    assert dropped(story) == []
