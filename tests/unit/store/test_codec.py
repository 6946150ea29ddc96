"""Facts to JSON and back: every kind, any content, and what other versions wrote."""

from __future__ import annotations

import json
import typing
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cti.facts
from cti.facts import AnomalySeen, CallArrived, Fact, FlowMarked, SeatStateChanged, TimePassed
from cti.ids import CallId
from cti.runtime.ports import LedgerEntry
from cti.store.codec import (
    KINDS,
    UnknownFact,
    clean,
    clean_entry,
    clean_text,
    decode,
    kind_of,
    storable,
)
from cti.store.journal import pack

_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    ["\x00", "\ud800", "\udcff\udcfe", "\\u0000", '"', "张三 😀", "\x1b[31m", "\u2028"]
)
_MICROS = st.integers(-(2**63), 2**63 - 1)


def _values(kind: Any) -> st.SearchStrategy[Any]:
    """A strategy for one annotation of a fact's field."""
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: _MICROS,
        str: _ANY_TEXT,
        bool: st.booleans(),
        type(None): st.none(),
    }
    if kind in simple:
        return simple[kind]
    if hasattr(kind, "__supertype__"):
        return _values(kind.__supertype__)
    if is_dataclass(kind):
        return facts_of(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: Any, inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (UnionType, typing.Union):
        return st.one_of(*map(_values, inner))
    assert origin is tuple
    if inner[-1] is Ellipsis:
        return st.lists(_values(inner[0]), max_size=3).map(tuple)
    return st.tuples(*map(_values, inner))


def facts_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any content in each field."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{part.name: _values(hints[part.name]) for part in fields(kind)})


ANY_FACT: st.SearchStrategy[Fact] = st.one_of(*(facts_of(kind) for kind in KINDS.values()))


def test_every_fact_that_can_be_made_has_a_kind() -> None:
    classes = {
        name
        for name, value in vars(cti.facts).items()
        if isinstance(value, type) and issubclass(value, Fact)
    }
    assert set(KINDS) == classes - {"Fact", "Report"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_comes_back_as_it_went_in(kind: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(facts_of(KINDS[kind]))
    def round_trip(fact: Fact) -> None:
        kept, body = storable(fact)
        assert decode(kind_of(fact), fact.at, body) == kept == clean(fact)
        body.encode()
        assert "\x00" not in json.dumps(json.loads(body), ensure_ascii=False)

    round_trip()


@settings(deadline=None)
@given(ANY_FACT, _ANY_TEXT, _ANY_TEXT)
def test_entries_are_clean_and_cleaning_twice_changes_nothing(
    fact: Fact, run: str, call: str
) -> None:
    entry, body = clean_entry(LedgerEntry(run, 1, fact, CallId(call)))
    assert clean_entry(entry) == (entry, body)
    assert pack(entry)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_text_that_databases_hold_is_left_alone(text: str) -> None:
    assert clean_text(text) == text


def test_only_what_no_database_holds_is_replaced() -> None:
    fact = CallArrived(
        at=1,
        call=CallId("c"),
        hotline="12345",
        caller_number="1\x00",
        caller_name="\udcc4\udce3 \\u0000 \x1b",
    )
    kept, _body = storable(fact)
    assert isinstance(kept, CallArrived)
    assert (kept.caller_number, kept.caller_name) == ("1␀", "�� \\u0000 \x1b")


def test_kind_of_another_version_comes_back_with_its_json() -> None:
    fact = decode("CallCloned", 7, '{"at":7,"twin":"x"}')
    assert fact == UnknownFact(at=7, kind="CallCloned", body='{"at":7,"twin":"x"}')
    assert (kind_of(fact), *storable(fact)) == ("CallCloned", fact, '{"at":7,"twin":"x"}')


@pytest.mark.parametrize(
    "body",
    ['{"at":7}', '{"at":7,"call":1}', "[]", "", "{", '{"at":"x"}', '{"at":7,"call":"\\ud83d"}'],
)
def test_body_that_does_not_fit_comes_back_with_the_reason(body: str) -> None:
    fact = decode("CallArrived", 7, body)
    assert isinstance(fact, UnknownFact)
    assert fact.kind == "CallArrived"
    assert fact.body == body
    assert fact.why


def test_fields_of_a_newer_version_are_passed_over() -> None:
    body = '{"at":7,"about":"x","detail":"y","severity":3}'
    assert decode("AnomalySeen", 7, body) == AnomalySeen(at=7, about="x", detail="y")


def test_kinds_include_facts_without_fields_of_their_own() -> None:
    assert decode("TimePassed", 7, '{"at":7}') == TimePassed(at=7)
    assert KINDS["FlowMarked"] is FlowMarked
    assert KINDS["SeatStateChanged"] is SeatStateChanged
