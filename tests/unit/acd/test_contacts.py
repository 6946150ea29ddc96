"""Texts, chats and mails in the line: rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acd.contact_book import LOST_US, MOST_OPEN
from acd.dispatcher import Dispatcher
from cti.facts import (
    AnomalySeen,
    Capacity,
    ContactAbandoned,
    ContactAccepted,
    ContactClosed,
    ContactOffered,
    ContactOfferFailed,
    ContactPatience,
    ContactQueued,
    ContactRefused,
    ContactReturned,
    ContactWishRefused,
    DeviceChanged,
    DeviceState,
    EngineStarted,
    MemberSeen,
    OpenContact,
    Resynced,
    RoutingChanged,
    RoutingRules,
    SeatOffered,
    SeatState,
    SeatStateChanged,
    SnapshotTaken,
)
from cti.ids import CallId, QueueId, SeatId, contact_id
from tests.unit.acd.contact_life import comes, in_hand, offered, seen, texts, wishes, withdraws
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline


def a_desk(most: int = 2, **parts: Any) -> Life:
    """One seat, 1, that takes so many texts."""
    life = hotline([a_seat("1", capacity=texts(most), **parts)])
    life.sign_on("1")
    return life


def test_contact_is_offered_accepted_and_closed_with_its_times() -> None:
    life = a_desk()
    text = comes(life, "a")
    life.wait(4)
    wishes(life, "1", "accept", text)
    life.wait(60)
    wishes(life, "1", "close", text)

    (offer,) = life.all(ContactOffered)
    assert (offer.kind, offer.seat, offer.queue, offer.waiting) == ("text", "1", "repairs", 1)
    assert (offer.offer_us, offer.rule, offer.why.rule) == (60 * SECOND, "longest-idle", "only")
    assert [rank.seat for rank in offer.ranking] == ["1"]
    (accepted,) = life.all(ContactAccepted)
    assert accepted.wait_us == 4 * SECOND + 1
    assert accepted.offer == offer.offer
    (closed,) = life.all(ContactClosed)
    assert (closed.handling_us, closed.seat, closed.by) == (60 * SECOND, "1", "user of 1")
    assert life.dispatcher.contacts.all() == ()
    assert in_hand(life, "1") == ()


def test_seat_without_capacity_for_the_kind_is_not_offered_it() -> None:
    life = hotline([a_seat("1"), a_seat("2", capacity=(Capacity("mail", 5),))])
    life.sign_on("1", "2")
    comes(life, "a")
    assert offered(life) == []


def test_seat_with_two_of_two_gets_no_third_but_gets_a_call() -> None:
    life = a_desk(2)
    first, second = comes(life, "a"), comes(life, "b")
    wishes(life, "1", "accept", first)
    wishes(life, "1", "accept", second)
    third = comes(life, "c")
    assert offered(life) == [(first, "1"), (second, "1")]
    call = life.call()
    assert life.served() == [(call, "1")]
    life.answer("1")
    life.leave("1")
    assert len(offered(life)) == 2
    wishes(life, "1", "close", first)
    assert offered(life)[-1] == (third, "1")


def test_kinds_have_their_own_capacity() -> None:
    life = hotline([a_seat("1", capacity=(Capacity("text", 1), Capacity("mail", 1)))])
    life.sign_on("1")
    wishes(life, "1", "accept", comes(life, "a"))
    comes(life, "b")
    mail = comes(life, "c", kind="mail")
    assert offered(life)[-1] == (mail, "1")
    assert len(offered(life)) == 2


def test_seat_is_offered_one_thing_at_a_time() -> None:
    life = a_desk(5)
    first = comes(life, "a")
    second, call = comes(life, "b"), life.call()
    assert (offered(life), life.served()) == ([(first, "1")], [])
    wishes(life, "1", "accept", first)
    assert offered(life) == [(first, "1"), (second, "1")]
    wishes(life, "1", "accept", second)
    assert life.served() == [(call, "1")]


@pytest.mark.parametrize("allowed", [False, True])
def test_seat_in_a_call_is_offered_a_text_only_where_that_is_allowed(allowed: bool) -> None:
    queue = replace(a_queue(), wrapup_us=10 * SECOND)
    life = hotline([a_seat("1", capacity=texts(), texts_in_call=allowed)], [queue])
    life.sign_on("1")
    life.call()
    text = comes(life, "a")
    assert offered(life) == [], "its phone rings: that is one offer"
    life.answer("1")
    assert offered(life) == ([(text, "1")] if allowed else [])
    if allowed:
        wishes(life, "1", "accept", text)
        assert life.state("1") is SeatState.TALKING
    life.leave("1")
    assert life.state("1") is SeatState.WRAP_UP
    assert len(offered(life)) == int(allowed)
    life.wait(10)
    assert offered(life) == [(text, "1")]


def test_text_waits_while_the_phone_is_in_a_call_of_its_own() -> None:
    life = a_desk()
    life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.IN_USE))
    text = comes(life, "a")
    assert offered(life) == []
    life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.IDLE))
    assert offered(life) == [(text, "1")]


def test_texts_change_nothing_in_what_a_seat_is_ranked_by_for_calls() -> None:
    life = a_desk()
    before = life.dispatcher._seats[SeatId("1")]
    idle, busy, calls = before.idle_since, before.busy_us, before.calls
    text = comes(life, "a")
    wishes(life, "1", "accept", text)
    life.wait(30)
    wishes(life, "1", "close", text)
    assert (before.idle_since, before.busy_us, before.calls) == (idle, busy, calls)
    assert len(life.all(SeatStateChanged)) == 1, "the sign-on"


@pytest.mark.parametrize("how", ["rejected", "no-answer"])
def test_seat_that_does_not_take_it_is_set_aside_for_that_kind_until_it_is_ready(how: str) -> None:
    both = (Capacity("text", 2), Capacity("mail", 2))
    life = hotline([a_seat("1", capacity=both), a_seat("2", capacity=both)])
    life.sign_on("1", "2")
    text = comes(life, "a")
    if how == "rejected":
        wishes(life, "1", "reject", text)
    else:
        life.wait(60)
    assert [one.reason for one in life.all(ContactOfferFailed)] == [how]
    assert offered(life) == [(text, "1"), (text, "2")]
    wishes(life, "2", "reject", text)
    assert seen(life, text).state == "waiting"
    mail = comes(life, "b", kind="mail")
    assert offered(life)[-1] == (mail, "1")
    wishes(life, "1", "accept", mail)
    assert life.state("1") is SeatState.READY
    call = life.call()
    assert life.served() == [(call, "1")], "not set aside for calls"
    life.fail("1", "caller-gone")
    life.wishes("1", "ready")
    assert offered(life)[-1] == (text, "1")


def test_seat_whose_setting_says_so_is_paused_when_it_misses_a_text() -> None:
    life = a_desk(pause_after_missed_text=True)
    comes(life, "a")
    life.wait(60)
    assert life.state("1") is SeatState.PAUSED
    assert life.all(SeatStateChanged)[-1].reason == "no-answer"


def test_missed_during_a_call_pauses_after_it() -> None:
    life = a_desk(pause_after_missed_text=True, texts_in_call=True)
    life.call()
    life.answer("1")
    comes(life, "a")
    life.wait(60)
    assert life.state("1") is SeatState.TALKING
    life.leave("1")
    assert life.state("1") is SeatState.PAUSED


def test_patience_ends_a_wait_and_no_conversation() -> None:
    queue = a_queue(contact_patience=(ContactPatience("web", 30 * SECOND),))
    life = hotline([a_seat("1", capacity=(Capacity("web", 1),))], [queue])
    life.sign_on("1")
    held = comes(life, "a", kind="web")
    wishes(life, "1", "accept", held)
    waits, shorter = comes(life, "b", kind="web"), comes(life, "c", kind="web", patience_us=SECOND)
    life.wait(1)
    assert [one.contact for one in life.all(ContactAbandoned)] == [shorter]
    life.wait(40)
    assert [one.contact for one in life.all(ContactAbandoned)] == [shorter, waits]
    assert life.all(ContactAbandoned)[-1].wait_us == 30 * SECOND
    assert seen(life, held).state == "in-hand"


def test_patience_that_ends_during_an_offer_lets_the_seat_accept() -> None:
    life = a_desk()
    taken = comes(life, "a", patience_us=10 * SECOND)
    life.wait(30)
    wishes(life, "1", "accept", taken)
    assert len(life.all(ContactAccepted)) == 1
    missed = comes(life, "b", patience_us=10 * SECOND)
    life.wait(60)
    assert [one.contact for one in life.all(ContactAbandoned)] == [missed]


def test_seat_that_signs_off_leaves_its_contacts_to_others_at_their_old_place() -> None:
    life = hotline([a_seat("1", capacity=texts()), a_seat("2", capacity=texts(1))])
    life.sign_on("1", "2")
    mine, other = comes(life, "a"), comes(life, "b")
    wishes(life, "1", "accept", mine)
    wishes(life, "2", "accept", other)
    life.wishes("1", "pause", reason="lunch")
    assert in_hand(life, "1") == (mine,), "a pause keeps them"
    later = comes(life, "c")
    life.wishes("1", "sign-off")
    (back,) = life.all(ContactReturned)
    assert (back.contact, back.seat, back.why) == (mine, "1", "seat-gone")
    wishes(life, "2", "close", other)
    assert offered(life)[-1] == (mine, "2")
    wishes(life, "2", "accept", mine)
    wishes(life, "2", "close", mine)
    assert offered(life)[-1] == (later, "2")


def test_offer_to_a_seat_that_pauses_goes_to_the_next_one_at_once() -> None:
    life = hotline([a_seat("1", capacity=texts()), a_seat("2", capacity=texts())])
    life.sign_on("1", "2")
    text = comes(life, "a")
    life.wishes("1", "pause", reason="lunch")
    assert offered(life) == [(text, "1"), (text, "2")]
    assert life.all(ContactOfferFailed)[0].reason == "seat-gone"
    life.wishes("1", "ready")
    wishes(life, "2", "reject", text)
    assert offered(life)[-1] == (text, "1"), "seat-gone sets nobody aside"


def test_lost_phone_that_is_back_soon_keeps_the_contacts_and_one_that_is_not_does_not() -> None:
    life = a_desk()
    text = comes(life, "a")
    wishes(life, "1", "accept", text)

    def phone(state: DeviceState) -> None:
        life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=state))

    phone(DeviceState.UNREACHABLE)
    assert life.state("1") is SeatState.UNREACHABLE
    life.wait(LOST_US / SECOND - 1)
    phone(DeviceState.IDLE)
    life.wait(1)
    phone(DeviceState.UNREACHABLE)
    life.wait(LOST_US / SECOND - 1)
    assert in_hand(life, "1") == (text,)
    life.wait(1)
    assert [one.why for one in life.all(ContactReturned)] == ["seat-gone"]
    assert in_hand(life, "1") == ()


def test_given_back_it_goes_to_another_seat_and_may_change_the_queue() -> None:
    seats = [a_seat("1", "repairs", "bills", capacity=texts()), a_seat("2", capacity=texts())]
    life = hotline(seats, [a_queue(), a_queue("bills"), a_queue("water")])
    life.sign_on("1", "2")
    text = comes(life, "a")
    wishes(life, "1", "accept", text)
    life.wait(5)
    wishes(life, "1", "requeue", text)
    (back,) = life.all(ContactReturned)
    assert (back.why, back.handling_us, back.by) == ("requeued", 5 * SECOND, "user of 1")
    assert offered(life)[-1] == (text, "2")
    wishes(life, "2", "accept", text)
    wishes(life, "2", "requeue", text, queue="nowhere")
    assert "no queue" in life.all(ContactWishRefused)[-1].why
    wishes(life, "2", "requeue", text, queue="water")
    assert (seen(life, text).queue, seen(life, text).state) == ("water", "waiting")
    more = comes(life, "b")
    assert offered(life)[-1] == (more, "2"), "it does not serve that queue, so it is not set aside"


@pytest.mark.parametrize("when", ["waiting", "offered", "in-hand"])
def test_withdrawn_contact_ends_wherever_it_is(when: str) -> None:
    life = a_desk(0 if when == "waiting" else 2)
    text = comes(life, "a")
    if when == "in-hand":
        wishes(life, "1", "accept", text)
    assert seen(life, text).state == when
    withdraws(life, text)
    assert life.dispatcher.contacts.all() == ()
    ends = [*life.all(ContactAbandoned), *life.all(ContactClosed)]
    assert [one.why for one in ends] == ["withdrawn"]
    assert [one.reason for one in life.all(ContactOfferFailed)] == ["withdrawn"] * (
        when == "offered"
    )
    withdraws(life, text)
    assert len(life.all(ContactWishRefused)) == 1
    if when != "waiting":
        more = comes(life, "b")
        assert offered(life)[-1] == (more, "1"), "nobody was set aside"


@pytest.mark.parametrize("wish", ["accept", "reject", "close", "requeue"])
def test_wish_of_another_seat_or_at_the_wrong_time_changes_nothing(wish: str) -> None:
    life = hotline([a_seat("1", capacity=texts()), a_seat("2", capacity=texts())])
    life.sign_on("1", "2")
    text = comes(life, "a")
    before = seen(life, text)
    wishes(life, "2", wish, text)
    wishes(life, "9", wish, text)
    wishes(life, "1", wish, contact_id("nothing"))
    if wish in ("close", "requeue"):
        wishes(life, "1", wish, text)
    refused = life.all(ContactWishRefused)
    assert len(refused) == (4 if wish in ("close", "requeue") else 3)
    assert seen(life, text) == before


def test_lead_acts_for_whoever_has_it_and_closes_what_nobody_has() -> None:
    life = a_desk(1)
    text, spam = comes(life, "a"), comes(life, "spam")
    wishes(life, "", "accept", text)
    assert in_hand(life, "1") == (text,)
    wishes(life, "", "close", spam)
    wishes(life, "", "close", text)
    closed = [(one.contact, one.seat, one.handling_us) for one in life.all(ContactClosed)]
    assert closed == [(spam, "", 0), (text, "1", 0)]


def test_the_same_contact_twice_and_a_flood_are_refused() -> None:
    life = a_desk()
    text = comes(life, "a")
    comes(life, "a")
    assert [one.why for one in life.all(ContactRefused)] == ["open-already"]
    assert offered(life) == [(text, "1")]
    for number in range(MOST_OPEN):
        comes(life, f"n{number}")
    assert [one.why for one in life.all(ContactRefused)] == ["open-already", "too-many"]
    assert len(life.dispatcher.contacts.all()) == MOST_OPEN


def test_unknown_queue_is_the_first_one_with_an_anomaly() -> None:
    life = a_desk()
    comes(life, "a", "nowhere")
    assert life.all(ContactQueued)[0].queue == "repairs"
    (seen_amiss,) = life.all(AnomalySeen)
    assert "nowhere" in seen_amiss.detail


def test_callers_are_not_told_of_contacts_before_them() -> None:
    life = hotline([a_seat("1")])
    for name in "abc":
        comes(life, name)
    call = life.call()
    dispatcher = life.dispatcher
    assert (dispatcher.place_of(call), dispatcher.order(QueueId("repairs"))) == (1, (call,))
    assert dispatcher.figures(QueueId("repairs")).waiting == 1
    assert [dispatcher.place_of(CallId(contact_id(name))) for name in "abc"] == [1, 2, 3]
    life.sign_on("1")
    (offer,) = life.all(SeatOffered)
    assert (offer.waiting, offer.why.ahead) == (1, 0)


def test_wanted_seat_and_its_patience_hold_for_contacts() -> None:
    life = hotline(
        [a_seat("1", capacity=texts()), a_seat("2", capacity=texts(1))],
        [a_queue(wanted_us=20 * SECOND)],
    )
    life.sign_on("1", "2")
    held = comes(life, "a", wanted_seat=SeatId("2"))
    assert offered(life) == [(held, "2")]
    wishes(life, "2", "accept", held)
    text = comes(life, "b", wanted_seat=SeatId("2"))
    assert len(offered(life)) == 1
    life.wait(20)
    assert offered(life)[-1] == (text, "1")


def test_skills_and_language_hold_for_contacts() -> None:
    life = hotline(
        [
            a_seat("1", capacity=texts(), languages=("zh-CN",)),
            a_seat("2", capacity=texts(), languages=("en",)),
        ]
    )
    life.sign_on("1", "2")
    text = comes(life, "a", language="en")
    assert offered(life) == [(text, "2")]


def test_routing_that_changes_keeps_contacts_and_takes_those_of_a_removed_seat_back() -> None:
    life = hotline(
        [a_seat("1", "bills", capacity=texts()), a_seat("2", "bills", capacity=())],
        [a_queue(), a_queue("bills")],
    )
    life.sign_on("1", "2")
    held, waits = comes(life, "a", "bills"), comes(life, "b", "bills", kind="mail")
    wishes(life, "1", "accept", held)
    life.hear(
        RoutingChanged(
            at=life.now,
            seats=(a_seat("2", capacity=texts()),),
            queues=(a_queue(),),
            rules=RoutingRules(),
            by="admin",
        )
    )
    assert offered(life)[-1] == (held, "2")
    assert (seen(life, waits).queue, seen(life, waits).state) == ("repairs", "waiting")


def an_open_contact(name: str, came_s: int, **parts: Any) -> OpenContact:
    came = came_s * SECOND
    whole: dict[str, Any] = {
        "kind": "text",
        "queue": QueueId("repairs"),
        "sender": "13800001111",
        "by": "sms",
        "waits_since": came,
        "until": came + 10_000 * SECOND,
        "patience_us": 10_000 * SECOND,
    }
    return OpenContact(contact=contact_id(name), came_at=came, **whole | parts)


def restarted(*contacts: OpenContact, members: tuple[str, ...]) -> Life:
    life = Life([a_seat("1", capacity=texts(2)), a_seat("2", capacity=texts(2))], [a_queue()])
    life.hear(EngineStarted(at=life.now, version="1", contacts=contacts))
    assert offered(life) == [], "nothing before Asterisk has been asked"
    seen_members = tuple(
        MemberSeen(seat=SeatId(one), queue=QueueId("repairs"), paused=False, reason="", device="")
        for one in members
    )
    life.hear(SnapshotTaken(at=life.now, members=seen_members))
    life.hear(Resynced(at=life.now))
    return life


def test_after_a_restart_contacts_are_where_they_were() -> None:
    held = an_open_contact("held", 900, seat=SeatId("1"), accepted_at=950 * SECOND)
    life = restarted(
        an_open_contact("second", 990),
        held,
        an_open_contact("first", 980),
        an_open_contact("stranger", 970, seat=SeatId("9"), accepted_at=975 * SECOND),
        members=("1",),
    )
    assert in_hand(life, "1") == (contact_id("held"),)
    assert offered(life) == [(contact_id("stranger"), "1")], "their places are those of before"
    wishes(life, "1", "accept", contact_id("stranger"))
    wishes(life, "1", "close", contact_id("held"))
    assert life.all(ContactClosed)[0].handling_us == life.now - 950 * SECOND
    assert offered(life)[-1] == (contact_id("first"), "1")


def test_after_a_restart_the_contacts_of_a_seat_that_is_gone_are_offered_to_others() -> None:
    held = an_open_contact("held", 900, seat=SeatId("1"), accepted_at=950 * SECOND)
    life = restarted(held, members=("2",))
    assert [one.why for one in life.all(ContactReturned)] == ["seat-gone"]
    assert offered(life) == [(contact_id("held"), "2")]


def test_patience_that_ended_during_the_absence_ends_the_wait() -> None:
    life = restarted(an_open_contact("old", 1, until=500 * SECOND), members=())
    life.wait(0)
    assert [one.why for one in life.all(ContactAbandoned)] == ["patience"]


def test_dispatcher_without_contacts_wants_no_time() -> None:
    assert Dispatcher([a_seat("1", capacity=texts())], [a_queue()]).deadline() is None
