"""What a person reads about a call."""

from __future__ import annotations

import unicodedata
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.facts import (
    AgiCommandEnded,
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallPhase,
    CallRecovered,
    ChannelAnswered,
    Fact,
    FlowMarked,
    SeatOffered,
    SeatRank,
    SnapshotTaken,
)
from cti.ids import CallId, ChannelId, OfferId, QueueId, SeatId
from cti.store.codec import UnknownFact
from cti.store.entries import EntryMaker
from cti.store.narrator import Narrator, raw
from cti.store.sentences_en import ENGLISH
from cti.store.sentences_zh import CHINESE
from cti.store.speech import Language, Names, clock, moment, plain, seconds
from cti.store.timeline import TimelineLine, arrival, timeline
from tests.contract.store.calls import answered_call, entries_of
from tests.unit.store.test_codec import ANY_FACT

TEN = 1_781_229_595_000_000
"""09:59:55.000 in Shanghai, 12 June 2026: the prompt of the example call ends at 10:00:01.000."""

NAMES = Names(
    seats={SeatId("1001"): "王芳", SeatId("1002"): "李强"},
    queues={QueueId("repairs"): {"zh-CN": "报修", "en": "Repairs"}},
)


def lines(
    language: Language, facts: list[Fact] | None = None, *, detail: bool = False
) -> list[TimelineLine]:
    entries = entries_of(facts or answered_call("jt1-1.1", TEN))
    return timeline(entries, language=language, names=NAMES, detail=detail)


def test_answered_call_reads_as_a_story_in_english() -> None:
    assert [line.what for line in lines("en")] == [
        "call from 13800138000 (张三) to 12345",
        "asked for a person (queue Repairs)",
        "prompt ended (please-wait): the wait starts",
        "queued in Repairs, priority 5",
        "offered to seat 1002 李强: free for 35.2 s, idle longest of 3 free seats; "
        "next 1001 王芳 (12.0 s); "
        "may ring 15 s, 1 waiting",
        "seat 1002 李强 rings",
        "seat 1002 李强 answered after 19.800 s "
        "(prompt ended 10:00:01.000 → answered 10:00:20.800)",
        "caller and seat 1002 李强 can hear each other",
        "seat 1002 李强 left after 60.000 s of talk",
        "call ended after 86.800 s: answered by a person; the caller hung up (cause 16)",
        "recording stored: 60.000 s, 960044 bytes, 2026/06/12/jt1-1.1.wav",
    ]


def test_answered_call_reads_as_a_story_in_chinese() -> None:
    told = [line.what for line in lines("zh-CN")]
    assert told[0] == "13800138000（张三） 呼入 12345"
    assert told[4] == (
        "分配给坐席 1002 李强：3 个空闲坐席中空闲最久（35.2 秒）；其次 1001 王芳（12.0 秒）；"
        "最长振铃 15 秒，排队 1 人"
    )
    assert told[6] == (
        "坐席 1002 李强 接听，等待 19.800 秒（提示音结束 10:00:01.000 → 接听 10:00:20.800）"
    )
    assert told[9] == "呼叫结束，全程 86.800 秒：人工已接听；来电者挂断（原因码 16）"


def test_lines_carry_their_time_and_the_offset_since_the_arrival() -> None:
    told = lines("en")
    assert (told[0].at_us, told[0].offset_us, told[0].kind) == (TEN, 0, "CallArrived")
    assert (told[6].at_us, told[6].offset_us) == (TEN + 25_800_000, 25_800_000)


def test_answer_that_was_learnt_late_stands_at_its_own_time() -> None:
    facts = answered_call("jt1-1.1", TEN)
    facts[5], facts[6] = facts[6], facts[5]
    assert lines("en", facts) == lines("en")


def test_wait_of_a_caller_who_gave_up_shows_both_stamps() -> None:
    gone = CallAbandoned(
        at=TEN + 9_000_999, call=CallId("c"), queue=QueueId("repairs"), wait_us=3_000_999
    )
    assert lines("en", [gone])[0].what == (
        "the caller gave up after 3.000 s of waiting "
        "(prompt ended 10:00:01.000 → hung up 10:00:04.000)"
    )
    assert "等待 3.000 秒" in lines("zh-CN", [gone])[0].what


@pytest.mark.parametrize(
    ("rule", "ranking", "expected"),
    [
        ("longest-idle", (), "the only free seat"),
        (
            "longest-idle",
            (SeatRank(seat=SeatId("1001"), idle_us=5_000_000),),
            "free for 5.0 s, the only free seat",
        ),
        (
            "round-robin",
            (
                SeatRank(seat=SeatId("1001"), idle_us=5_000_000),
                SeatRank(seat=SeatId("1002"), idle_us=0),
            ),
            "free for 5.0 s, not rung for the longest time of 2 free seats; next 1002 李强 (0.0 s)",
        ),
    ],
)
def test_offer_tells_its_rule(rule: str, ranking: tuple[SeatRank, ...], expected: str) -> None:
    fact = SeatOffered(
        at=TEN,
        call=CallId("c"),
        seat=SeatId("1001"),
        offer=OfferId("o"),
        queue=QueueId("repairs"),
        device="PJSIP/1001",
        ring_us=15_000_000,
        rule=rule,
        ranking=ranking,
    )
    assert f"seat 1001 王芳: {expected};" in Narrator(NAMES)(fact, "en")


def test_call_that_was_lost_from_sight_says_so() -> None:
    ended = CallEnded(
        at=TEN, call=CallId("c"), outcome="lost-sight", ended_by="unknown", cause=0, total_us=5
    )
    assert "not known" in lines("en", [ended])[0].what
    assert "未知" in lines("zh-CN", [ended])[0].what


def test_raw_reports_are_shown_on_demand_only_and_never_a_key() -> None:
    channel = ChannelId("jt1-1.1")
    secret: list[Fact] = [
        AgiCommandEnded(at=TEN, channel=channel, command="GET DATA pin", result="200 result=739"),
        FlowMarked(at=TEN, channel=channel, mark="x", data=(("Key", "7"),)),
        ChannelAnswered(at=TEN, channel=channel),
    ]
    assert lines("en", secret) == []
    told = lines("zh-CN", secret, detail=True)
    assert all(line.raw for line in told)
    assert [line.what for line in told] == [
        "AgiCommandEnded channel=jt1-1.1 command=GET DATA pin result=…",
        "FlowMarked channel=jt1-1.1 mark=x data=…",
        "ChannelAnswered channel=jt1-1.1",
    ]
    assert raw(SnapshotTaken(at=1)) == "SnapshotTaken channels=… members=… devices=…"


def test_fact_of_another_version_is_named() -> None:
    fact = UnknownFact(at=TEN, kind="CallCloned\x1b", body='{"at":1}')
    assert Narrator()(fact, "en") == "written by another version: CallCloned�"
    assert raw(fact) == 'CallCloned�? {"at":1}'


def test_arrival_of_a_recovered_call_is_its_own_clock() -> None:
    found = CallRecovered(
        at=TEN + 9,
        call=CallId("c"),
        phase=CallPhase.WAITING,
        hotline="12345",
        channel_name="",
        caller_number="",
        caller_name="",
        arrived_at=TEN,
    )
    assert arrival(entries_of([found])) == TEN
    assert arrival(entries_of([ChannelAnswered(at=TEN + 5, channel=ChannelId("c"))])) == TEN + 5
    assert arrival([]) == 0


def test_both_languages_tell_the_same_facts() -> None:
    assert set(ENGLISH) == set(CHINESE)


@settings(deadline=None)
@given(ANY_FACT, st.sampled_from(["zh-CN", "en"]))
def test_no_fact_steers_a_terminal_or_breaks_a_line(fact: Fact, language: Language) -> None:
    entry = EntryMaker("r").entry(fact)
    for line in timeline([entry], language=language, names=NAMES, detail=True):
        assert line.what
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in line.what)


@settings(deadline=None)
@given(st.integers(-(2**70), 2**70))
def test_any_number_can_be_shown_as_a_time(number: int) -> None:
    assert len(clock(number)) == 12
    assert moment(number)
    assert seconds(number)


def test_times_are_cut_to_the_millisecond_in_the_zone_asked_for() -> None:
    assert clock(TEN + 999_999) == "09:59:55.999"
    assert clock(TEN, UTC) == "01:59:55.000"
    assert [seconds(us) for us in (0, 999, 19_800_999, -1_500_000)] == [
        "0.000",
        "0.000",
        "19.800",
        "-1.500",
    ]


def test_text_from_outside_is_made_plain_and_short() -> None:
    assert plain("a\x1b[31m\u202eb\n\u2028[red]张三") == "a�[31m�b��[red]张三"
    assert plain("x" * 100) == "x" * 80 + "…"
    hostile = CallArrived(
        at=TEN, call=CallId("c"), hotline="1", caller_number="[bold]1", caller_name="\x9b31m"
    )
    assert Narrator()(hostile, "en") == "call from [bold]1 (�31m) to 1"
