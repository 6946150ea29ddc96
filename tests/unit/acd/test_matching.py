"""Who is offered whom: skills, roles, strategies, places, and queues that share their seats."""

from __future__ import annotations

from typing import Any

import pytest

from cti.facts import (
    CustomerClass,
    DeviceChanged,
    DeviceState,
    LeadStandsIn,
    NeedsLowered,
    QueueRole,
    SeatOffered,
    SeatState,
    Skill,
    StrategyName,
    WantedSeatGivenUp,
    Widening,
)
from cti.ids import QueueId, SeatId
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline

GAS, GAS_3, GAS_5 = Skill("gas"), Skill("gas", 3), Skill("gas", 5)


def role(queue: str, name: str) -> tuple[QueueRole, ...]:
    return (QueueRole(QueueId(queue), name),)  # type: ignore[arg-type]


def busy(life: Life, *seats: str) -> None:
    """Each takes a call that only it is free for."""
    for one in seats:
        life.sign_on(one)
        life.call()
        life.answer(one)


class TestSkills:
    def test_level_must_be_reached(self) -> None:
        life = hotline([a_seat("1", skills=(GAS,)), a_seat("2", skills=(GAS_3,))])
        life.sign_on("1", "2")
        call = life.call(skills=("gas:2",))
        assert life.served() == [(call, "2")]

    def test_all_skills_are_needed_and_the_best_are_asked_first_where_the_queue_says_so(
        self,
    ) -> None:
        both = (Skill("gas", 2), Skill("night", 1))
        better = (Skill("gas", 4), Skill("night", 3))
        life = hotline(
            [a_seat("1", skills=(GAS_5,)), a_seat("2", skills=both), a_seat("3", skills=better)],
            [a_queue(strategy="best-skill")],
        )
        life.sign_on("1", "2", "3")
        life.call(skills=("gas", "night"))
        offer = life.all(SeatOffered)[0]
        assert [(rank.seat, rank.level) for rank in offer.ranking] == [("3", 7), ("2", 3)]
        assert offer.why is not None
        assert offer.why.needs == (Skill("gas", 1), Skill("night", 1))
        assert offer.why.fitted == 2

    def test_needs_are_lowered_with_the_wait_and_it_is_told(self) -> None:
        widening = (Widening(10 * SECOND, 2), Widening(20 * SECOND, 9))
        life = hotline(
            [a_seat("1", skills=(GAS_3,)), a_seat("2"), a_seat("3", skills=(GAS_5,))],
            [a_queue(widening=widening)],
        )
        busy(life, "3")
        life.sign_on("2", "1")
        call = life.call(skills=("gas:5",))
        life.wait(9.9)
        assert not life.all(NeedsLowered)
        life.wait(0.2)
        assert life.all(NeedsLowered)[-1].needs == (GAS_3,)
        assert life.served()[-1] == (call, "1")
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert (why.widened, why.needs) == (1, (GAS_3,))
        other = life.call(skills=("gas:5",))
        life.wait(20)
        assert life.served()[-1] == (other, "2"), "at last nothing is asked for"

    def test_who_waited_in_vain_for_a_skill_is_not_kept_from_a_skilled_seat_that_comes(
        self,
    ) -> None:
        life = hotline([a_seat("1", skills=(GAS,)), a_seat("2"), a_seat("3", skills=(GAS,))])
        busy(life, "2")
        call = life.call(skills=("gas",))
        life.sign_on("1")
        assert life.served()[-1] == (call, "1")
        life.answer("1")
        waits = life.call(skills=("gas",))
        life.leave("2")
        assert life.served()[-1] == (call, "1"), "1 has the skill and is signed on, so 2 is not"
        life.leave("1")
        assert life.served()[-1] == (waits, "1")

    def test_when_the_last_skilled_seat_goes_another_serves_its_callers(self) -> None:
        life = hotline([a_seat("1", skills=(GAS,)), a_seat("2")])
        busy(life, "1")
        life.sign_on("2")
        calls = [life.call(skills=("gas",)), life.call(skills=("gas",))]
        assert len(life.served()) == 1
        life.wishes("1", "sign-off")
        life.leave("1")
        assert life.served()[1:] == [(calls[0], "2")]
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert why.unskilled

    def test_language_is_asked_for_like_a_skill(self) -> None:
        life = hotline([a_seat("1", languages=("zh-CN",)), a_seat("2", languages=("zh-CN", "en"))])
        life.sign_on("1", "2")
        english = life.call(language="en")
        assert life.served() == [(english, "2")]
        french = life.call(language="fr")
        assert life.served()[-1] == (french, "1"), "nobody speaks it; better somebody than none"

    def test_level_that_cannot_be_read_loses_nobody(self) -> None:
        life = hotline([a_seat("1", skills=(GAS,))])
        life.sign_on("1")
        call = life.call(skills=("gas:-4", ":", "", "gas:one"))
        assert life.served() == [(call, "1")]


class TestRoles:
    def test_b_is_asked_when_no_a_is_free_however_long_it_is_idle(self) -> None:
        life = hotline([a_seat("b", roles=role("repairs", "b")), a_seat("a"), a_seat("c")])
        life.sign_on("b", "a", "c")
        for _ in range(3):
            life.call()
        assert [seat for _, seat in life.served()] == ["a", "c", "b"]
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert why.role == "b"

    def test_lead_stands_in_only_when_nobody_else_is_there_and_is_told(self) -> None:
        life = hotline([a_seat("lead", roles=role("repairs", "lead")), a_seat("1")])
        life.sign_on("lead", "1")
        busy_call = life.call()
        life.answer("1")
        waits = life.call()
        assert life.served() == [(busy_call, "1")], "1 is busy, not away"
        life.wishes("1", "pause", reason="rest")
        life.leave("1")
        assert life.served()[-1] == (waits, "lead")
        told = life.all(LeadStandsIn)
        assert [(one.call, one.seat) for one in told] == [(waits, "lead")]

    def test_lead_that_becomes_free_takes_nobody_while_a_seat_is_there(self) -> None:
        life = hotline([a_seat("lead", roles=role("repairs", "lead")), a_seat("1")])
        life.sign_on("1")
        life.call()
        life.answer("1")
        life.call()
        life.sign_on("lead")
        assert len(life.served()) == 1

    def test_unreachable_is_away(self) -> None:
        life = hotline([a_seat("lead", roles=role("repairs", "lead")), a_seat("1")])
        life.sign_on("lead", "1")
        life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.UNREACHABLE))
        assert life.state("1") is SeatState.UNREACHABLE
        call = life.call()
        assert life.served() == [(call, "lead")]


class TestStrategies:
    @pytest.mark.parametrize(
        ("strategy", "order"),
        [
            ("longest-idle", ["2", "3", "1"]),
            ("fewest-calls", ["3", "2", "1"]),
            ("least-occupied", ["3", "2", "1"]),
            ("round-robin", ["3", "2", "1"]),
            ("fixed-order", ["1", "2", "3"]),
        ],
    )
    def test_order(self, strategy: StrategyName, order: list[str]) -> None:
        """1 has had two short calls and became free last, 2 one long one before, 3 none: it was
        ready after 2 had left."""
        life = hotline([a_seat("1"), a_seat("2"), a_seat("3")], [a_queue(strategy=strategy)])
        life.sign_on("1")
        life.call()
        life.answer("1")
        life.sign_on("2")
        life.call()
        life.answer("2")
        life.wait(20)
        life.leave("2")
        life.wishes("2", "pause", reason="tea")
        life.wishes("2", "ready")
        life.wait(1)
        life.sign_on("3")
        life.leave("1")
        life.wishes("2", "pause", reason="tea")
        life.wishes("3", "pause", reason="tea")
        life.call()
        life.answer("1")
        life.wait(10)
        life.wishes("2", "ready")
        life.wait(1)
        life.wishes("3", "ready")
        life.wait(1)
        life.leave("1")
        for _ in range(3):
            life.call()
        assert [seat for _, seat in life.served()[-3:]] == order

    def test_ring_all_rings_several_and_the_others_stay_ready(self) -> None:
        life = hotline(
            [a_seat("1"), a_seat("2"), a_seat("3"), a_seat("4")],
            [a_queue(strategy="ring-all", ring_most=3)],
        )
        life.sign_on("1", "2", "3", "4")
        call = life.call()
        assert life.served() == [(call, "1"), (call, "2"), (call, "3")]
        other = life.call()
        assert life.served()[3:] == [(other, "4")]
        life.fail("1", "rejected")
        assert life.dispatcher.is_offered(call), "2 and 3 ring on"
        assert life.answer("2") == call
        life.fail("3", "taken")
        assert life.state("1") is SeatState.PAUSED
        assert life.state("3") is SeatState.READY


class TestPlaces:
    def test_priority_is_worth_time_so_nobody_waits_for_ever(self) -> None:
        life = hotline([a_seat("1")], [a_queue(priority_step_us=60 * SECOND)])
        calm = life.call(priority=7)
        life.wait(100)
        usual = life.call()
        life.wait(30)
        later = life.call()
        life.sign_on("1")
        order = [life.served()[-1][0]]
        for _ in range(2):
            life.answer("1")
            life.leave("1")
            order.append(life.served()[-1][0])
        assert order == [usual, calm, later], "two steps are worth two minutes, not for ever"

    def test_class_of_a_customer_is_a_head_start(self) -> None:
        life = hotline([a_seat("1")], classes=(CustomerClass("vip", 30 * SECOND),))
        first = life.call()
        life.wait(20)
        known = life.call(customer_class="vip")
        life.call(customer_class="unheard-of")
        life.sign_on("1")
        assert life.served() == [(known, "1")]
        why = life.all(SeatOffered)[0].why
        assert why is not None
        assert (why.head_start_us, why.ahead) == (30 * SECOND, 0)
        assert life.dispatcher.place_of(first) == 2

    def test_merged_queues_are_one_line_and_split_ones_are_not(self) -> None:
        water = a_queue("water", merged_into=QueueId("repairs"))
        life = hotline([a_seat("1", "repairs"), a_seat("2", "water")], [a_queue(), water])
        first, second = life.call("water"), life.call("repairs")
        assert life.dispatcher.order(QueueId("water")) == (first, second)
        life.sign_on("1", "2")
        assert life.served() == [(first, "1"), (second, "2")]
        assert life.all(SeatOffered)[0].queue == "water"

    def test_queues_merged_in_a_circle_are_not_merged(self) -> None:
        queues = [a_queue("a", merged_into=QueueId("b")), a_queue("b", merged_into=QueueId("a"))]
        life = hotline([a_seat("1", "a")], queues)
        life.sign_on("1")
        life.call("b")
        assert not life.served()
        call = life.call("a")
        assert life.served() == [(call, "1")]


class TestChoice:
    """One seat becomes free and serves two queues."""

    def two_wait(self, choice: str, **bills: Any) -> tuple[Life, str, str]:
        queues = [a_queue(target_us=60 * SECOND), a_queue("bills", **bills)]
        life = hotline([a_seat("1", "repairs", "bills")], queues, choice=choice)
        repairs = life.call("repairs")
        life.wait(10)
        return life, repairs, life.call("bills")

    def test_place_takes_who_stands_first(self) -> None:
        life, repairs, _ = self.two_wait("place", target_us=20 * SECOND)
        life.sign_on("1")
        assert life.served() == [(repairs, "1")]
        why = life.all(SeatOffered)[0].why
        assert why is not None
        assert (why.rule, why.lines) == ("place", 2)

    def test_due_takes_who_comes_first_to_the_target(self) -> None:
        life, _, bills = self.two_wait("due", target_us=20 * SECOND)
        life.sign_on("1")
        assert life.served() == [(bills, "1")]

    def test_queue_ratio_takes_from_the_line_most_above_its_share(self) -> None:
        life, repairs, bills = self.two_wait("queue-ratio", ratio=3)
        life.sign_on("1")
        assert life.served() == [(repairs, "1")], "1 of 2 is more than its quarter"
        life, repairs, bills = self.two_wait("queue-ratio")
        life.call("bills")
        life.sign_on("1")
        assert life.served() == [(bills, "1")], "2 of 3 are more than their half"


class TestWantedSeat:
    def life(self, **parts: Any) -> Life:
        life = hotline([a_seat("1"), a_seat("2")], [a_queue(**parts)])
        busy(life, "1")
        life.sign_on("2")
        return life

    def test_owner_is_waited_for_as_long_as_the_queue_has_patience(self) -> None:
        life = self.life(wanted_us=30 * SECOND)
        call = life.call(wanted_seat=SeatId("1"))
        assert len(life.served()) == 1
        life.wait(29)
        life.leave("1")
        assert life.served()[-1] == (call, "1")
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert why.wanted == "owner"

    def test_patience_ends(self) -> None:
        life = self.life(wanted_us=30 * SECOND)
        call = life.call(wanted_seat=SeatId("1"))
        life.wait(31)
        assert life.served()[-1] == (call, "2")
        assert [one.why for one in life.all(WantedSeatGivenUp)] == ["patience"]

    def test_owner_who_goes_is_not_waited_for(self) -> None:
        life = self.life(wanted_us=300 * SECOND)
        call = life.call(wanted_seat=SeatId("1"))
        life.wishes("1", "sign-off")
        life.leave("1")
        assert life.served()[-1] == (call, "2")
        assert [one.why for one in life.all(WantedSeatGivenUp)] == ["away"]

    def test_owner_who_does_not_answer_is_not_asked_again(self) -> None:
        life = hotline([a_seat("1"), a_seat("2")], [a_queue(wanted_us=30 * SECOND)])
        life.sign_on("2", "1")
        call = life.call(wanted_seat=SeatId("1"))
        assert life.served() == [(call, "1")]
        life.fail("1")
        assert life.served()[-1] == (call, "2")

    def test_seat_of_a_transfer_is_waited_for_in_every_queue_and_not_for_ever(self) -> None:
        life = self.life()
        call = life.call(wanted_seat=SeatId("1"), transferred_by=SeatId("2"))
        assert len(life.served()) == 1
        life.wait(29)
        assert len(life.served()) == 1
        life.wait(2)
        assert life.served()[-1] == (call, "2")
        assert [one.why for one in life.all(WantedSeatGivenUp)] == ["patience"]

    def test_seat_of_a_transfer_has_them_once_it_is_free(self) -> None:
        life = self.life()
        call = life.call(wanted_seat=SeatId("1"), transferred_by=SeatId("2"))
        life.leave("1")
        assert life.served()[-1] == (call, "1")
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert why.wanted == "transfer"

    def test_who_was_given_away_is_not_put_back_to_the_seat_of_before(self) -> None:
        queue = a_queue(wanted_us=30 * SECOND, last_seat_us=3600 * SECOND)
        life = hotline([a_seat("1"), a_seat("2")], [queue])
        life.sign_on("1", "2")
        life.call(caller_number="13800001111")
        life.answer("1")
        life.leave("1")
        life.wait(60)
        again = life.call(caller_number="13800001111", transferred_by=SeatId("1"))
        assert life.served()[-1] == (again, "2")

    @pytest.mark.parametrize("wanted", ["3", "9999"])
    def test_seat_that_is_not_there_is_not_wanted(self, wanted: str) -> None:
        life = hotline([a_seat("1"), a_seat("3")], [a_queue(wanted_us=30 * SECOND)])
        life.sign_on("1")
        call = life.call(wanted_seat=SeatId(wanted))
        assert life.served() == [(call, "1")]

    def test_caller_who_comes_back_is_put_to_the_seat_of_before(self) -> None:
        queue = a_queue(wanted_us=30 * SECOND, last_seat_us=3600 * SECOND)
        life = hotline([a_seat("1"), a_seat("2")], [queue])
        life.sign_on("1", "2")
        life.call(caller_number="13800001111")
        life.answer("1")
        life.leave("1")
        life.wait(60)
        again = life.call(caller_number="13800001111")
        assert life.served()[-1] == (again, "1"), "though 2 has been free for longer"
        why = life.all(SeatOffered)[-1].why
        assert why is not None
        assert why.wanted == "last-seat"
        life.answer("1")
        life.leave("1")
        life.wait(3601)
        life.call(caller_number="13800001111")
        assert life.served()[-1][1] == "2", "an hour later it is as good as the first time"

    def test_number_that_many_have_is_nobodys(self) -> None:
        queue = a_queue(wanted_us=30 * SECOND, last_seat_us=3600 * SECOND)
        life = hotline([a_seat("1"), a_seat("2")], [queue])
        life.sign_on("1", "2")
        life.call(caller_number="8001")
        life.answer("1")
        life.leave("1")
        life.call(caller_number="8001")
        assert life.served()[-1][1] == "2"


class TestSeats:
    def test_seat_signs_on_with_the_device_it_chooses(self) -> None:
        life = hotline([a_seat("1", devices=("PJSIP/1-web",))])
        life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.UNREACHABLE))
        life.wishes("1", "sign-on", device="PJSIP/1-web")
        assert life.state("1") is SeatState.READY
        life.call()
        assert life.all(SeatOffered)[0].device == "PJSIP/1-web"

    def test_device_that_is_not_the_seats_is_refused(self) -> None:
        life = hotline([a_seat("1")])
        life.wishes("1", "sign-on", device="PJSIP/2")
        assert life.state("1") is SeatState.SIGNED_OFF

    def test_phone_that_is_lost_makes_the_seat_unreachable_until_it_is_back(self) -> None:
        life = hotline([a_seat("1")])
        life.sign_on("1")
        life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.UNREACHABLE))
        assert life.state("1") is SeatState.UNREACHABLE
        call = life.call()
        life.hear(DeviceChanged(at=life.now, device="PJSIP/1", state=DeviceState.IDLE))
        assert life.served() == [(call, "1")]
        assert life.state("1") is SeatState.RESERVED

    def test_wrap_up_is_made_longer_once(self) -> None:
        wrapping = a_queue(wrapup_extension_us=30 * SECOND)
        life = hotline([a_seat("1")], [type(wrapping)(wrapping.id, 15 * SECOND, 10 * SECOND)])
        busy(life, "1")
        life.leave("1")
        life.wishes("1", "extend")
        life.wait(11)
        assert life.state("1") is SeatState.READY, "this queue gives none"

        life = hotline(
            [a_seat("1")],
            [
                type(wrapping)(
                    wrapping.id, 15 * SECOND, 10 * SECOND, wrapup_extension_us=30 * SECOND
                )
            ],
        )
        busy(life, "1")
        life.leave("1")
        life.wishes("1", "extend")
        life.wishes("1", "extend")
        life.wait(39)
        assert life.state("1") is SeatState.WRAP_UP
        life.wait(2)
        assert life.state("1") is SeatState.READY
