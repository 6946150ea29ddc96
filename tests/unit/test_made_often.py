"""Facts that are made often behave as all others do."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from cti.facts import Choice, SeatHeld, SeatRank, SeatState, SeatStateChanged
from cti.ids import CallId, SeatId

CHANGED = SeatStateChanged(at=1, seat=SeatId("1"), old=SeatState.READY, new=SeatState.RESERVED)


def test_defaults_equality_hash_and_replacement_are_those_of_a_dataclass() -> None:
    same = SeatStateChanged(at=1, seat=SeatId("1"), old=SeatState.READY, new=SeatState.RESERVED)
    assert (CHANGED.reason, CHANGED.call, CHANGED.until) == ("", None, None)
    assert same == CHANGED
    assert hash(same) == hash(CHANGED)
    assert replace(CHANGED, at=2) != CHANGED
    assert repr(SeatRank(seat=SeatId("1"), idle_us=5)) == (
        "SeatRank(seat='1', idle_us=5, role='a', level=0, key=0)"
    )
    assert [one.name for one in fields(Choice)][:2] == ["rule", "lines"]


def test_missing_unknown_and_positional_values_are_refused() -> None:
    with pytest.raises(TypeError, match="idle_us"):
        SeatRank(seat=SeatId("1"))  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        SeatRank(seat=SeatId("1"), idle_us=1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        SeatRank(SeatId("1"), 1)  # type: ignore[call-arg]


def test_no_field_can_be_invented() -> None:
    with pytest.raises(AttributeError):
        CHANGED.colour = "red"  # type: ignore[attr-defined]


def test_other_facts_stay_frozen() -> None:
    held = SeatHeld(at=1, call=CallId("c"), seat=SeatId("1"), offer=None, on=True)  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        held.on = False  # type: ignore[misc]
