"""Which facts leave the house, to whom, and with which fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from cti import facts
from cti.api.access import Identity
from cti.api.port import Role
from cti.api.wire import SHOWN, Sight
from cti.facts import DeviceState, Fact, SeatState
from cti.ids import CallbackId, CallId, ChannelId, OfferId, QueueId, SeatId

CALL, OWN, OTHER = CallId("jt1-1.1"), SeatId("1001"), SeatId("1002")
PHONE = "13800001111"


def sight(role: Role) -> Sight:
    seat = OWN if role == "seat" else None
    who = Identity(user="u", role=role, seat=seat, expires_s=0, signed_in_s=0)
    return Sight(who, own_device="PJSIP/1001" if seat else None)


def data(role: Role, fact: Fact, *own: str) -> dict[str, Any] | None:
    shown = sight(role).fact(fact, set(own))
    return None if shown is None else shown.data


QUEUED = facts.CallQueued(
    at=1,
    call=CALL,
    queue=QueueId("repairs"),
    priority=5,
    language="zh-CN",
    arrived_at=0,
    asked_at=0,
    prompt_ended_at=0,
    channel_name="PJSIP/trunk-00000001",
    caller_number=PHONE,
    caller_name="王小明",
)


@pytest.mark.parametrize(
    "fact",
    [
        facts.FlowMarked(at=1, channel=ChannelId("c"), mark="pin", data=(("pin", "1234"),)),
        facts.AgiCommandEnded(at=1, channel=ChannelId("c"), command="GET DATA", result="1234"),
        facts.SnapshotTaken(at=1),
        facts.AnomalySeen(at=1, about="x", detail=PHONE),
    ],
)
@pytest.mark.parametrize("role", ["seat", "lead", "admin", "auditor"])
def test_what_may_hold_a_callers_secret_is_shown_to_nobody(fact: Fact, role: Role) -> None:
    assert sight(role).fact(fact, {CALL}) is None


@pytest.mark.parametrize("role", ["lead", "admin"])
def test_leads_and_admins_see_the_number_but_no_inner_name(role: Role) -> None:
    shown = data(role, QUEUED)

    assert shown is not None
    assert shown["caller_number"] == PHONE
    assert "channel_name" not in shown


def test_an_auditor_sees_the_number_and_the_name_masked() -> None:
    shown = data("auditor", QUEUED)

    assert shown is not None
    assert (shown["caller_number"], shown["caller_name"]) == ("138****1111", "王**")


def test_a_seat_sees_facts_of_its_own_calls_only() -> None:
    assert data("seat", QUEUED) is None
    assert data("seat", QUEUED, CALL) is not None
    mine = facts.OfferRang(at=1, call=CALL, seat=OWN, offer=OfferId("o"))
    other = facts.OfferRang(at=1, call=CALL, seat=OTHER, offer=OfferId("o"))
    assert data("seat", mine) is not None
    assert data("seat", other, CALL) is None


def test_a_seat_sees_how_others_are_but_not_which_call_they_have() -> None:
    fact = facts.SeatStateChanged(
        at=1, seat=OTHER, old=SeatState.READY, new=SeatState.TALKING, call=CALL
    )

    assert data("seat", fact) == {
        "seat": "1002",
        "old": "ready",
        "new": "talking",
        "reason": "",
        "call": None,
        "until": None,
        "device": "",
    }
    lead = data("lead", fact)
    assert lead is not None
    assert lead["call"] == CALL


def test_a_seat_hears_of_its_own_phone_only() -> None:
    def changed(device: str) -> Fact:
        return facts.DeviceChanged(at=1, device=device, state=DeviceState.UNREACHABLE)

    assert data("seat", changed("PJSIP/1001")) is not None
    assert data("seat", changed("PJSIP/1002")) is None
    assert data("lead", changed("PJSIP/1002")) is not None


def test_nested_parts_become_plain_json() -> None:
    fact = facts.SeatOffered(
        at=1,
        call=CALL,
        seat=OWN,
        offer=OfferId("o"),
        queue=QueueId("repairs"),
        device="PJSIP/1001",
        ring_us=1,
        rule="longest-idle",
        ranking=(facts.SeatRank(seat=OWN, idle_us=5),),
    )

    shown = data("lead", fact)
    assert shown is not None
    assert shown["ranking"] == [{"seat": "1001", "idle_us": 5, "role": "a", "level": 0, "key": 0}]
    assert data("seat", fact) is None


def test_every_field_with_a_number_or_a_name_of_a_caller_is_one_that_masking_knows() -> None:
    """A new field that holds a number must be taught to the masking."""
    known = {"caller_number", "caller_name", "number", "customer"}
    harmless = {"customer_class"}  # e.g. vip
    words = ("number", "caller", "phone", "customer")
    for kind in SHOWN:
        for field in fields(kind):
            if any(word in field.name for word in words) and field.type != "int":
                assert field.name in known | harmless, (kind, field.name)


def test_a_customers_number_is_masked_for_an_auditor() -> None:
    fact = facts.CustomerKnown(at=1, call=CALL, customer="20240017", verified=True)
    shown = data("auditor", fact)
    assert shown is not None
    assert shown["customer"] == "20****17"


def test_number_of_a_callback_is_masked_for_an_auditor() -> None:
    fact = facts.CallbackBooked(
        at=1,
        callback=CallbackId("back.jt1-1.1"),
        call=CALL,
        queue=QueueId("repairs"),
        number=PHONE,
        hotline="12345",
        language="zh-CN",
        priority=5,
        since=1,
    )
    for role, number in (("lead", PHONE), ("auditor", "138****1111")):
        shown = data(role, fact)  # type: ignore[arg-type]
        assert shown is not None
        assert shown["number"] == number


def test_call_of_a_customer_who_was_rung_is_named_for_an_auditor_and_the_number_is_masked() -> None:
    fact = facts.CallbackReached(
        at=1,
        callback=CallbackId("back.jt1-1.1"),
        call=CALL,
        customer=CallId("customer.1001.7"),
        seat=OWN,
        offer=OfferId("customer.1001.7"),
        queue=QueueId("repairs"),
        number=PHONE,
        hotline="12345",
        language="zh-CN",
        priority=5,
        skills=(),
        since=1,
        channel_name="",
    )
    shown = data("auditor", fact)
    assert shown is not None
    assert (shown["customer"], shown["number"]) == ("customer.1001.7", "138****1111")
