"""What waiting callers hear: whole sentences, in one line of AMI."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ami.actions import Action
from cti.announcer import MAX_BYTES, Announcer, joined, sentences
from cti.effects import OriginateCallback, TellWaiting
from cti.ids import CallbackId, CallId, ChannelId, OfferId, QueueId, SeatId
from ivr_flows.prompt_library import PromptLibrary

MINUTE = 60_000_000
TELL = TellWaiting(
    channel=ChannelId("jt1-1.7"),
    call=CallId("jt1-1.7"),
    language="en",
    place=3,
    wait_us=7 * MINUTE,
    first=True,
)


def tell(
    *, place: int = 3, wait_us: int | None = 7 * MINUTE, first: bool = True, language: str = "en"
) -> TellWaiting:
    return TellWaiting(
        channel=TELL.channel,
        call=TELL.call,
        language=language,
        place=place,
        wait_us=wait_us,
        first=first,
    )


def announcer(folder: Path, clips: Iterable[str], at: str = "/p") -> Announcer:
    for clip in clips:
        for language in ("zh-CN", "en"):
            file = folder / language / f"{clip}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return Announcer(PromptLibrary(folder, at, "zh-CN"), "zh-CN")


ALL = (
    "all-busy",
    *("wait/next", "wait/one-ahead", "wait/ahead-before", "wait/ahead-after"),
    *("wait/about-before", "wait/about-after", "callback/seat", "callback/answer"),
    *(f"say/minutes-{n}" for n in range(1, 61)),
    *(f"say/number-{n}" for n in range(21)),
    "say/count-2",
)


def heard(said: str) -> list[str]:
    return [path.removeprefix("/p/en/") for path in said.split("&")]


def test_first_time_all_busy_then_place_then_wait(tmp_path: Path) -> None:
    said = announcer(tmp_path, ALL).waiting(tell(place=12))
    assert heard(said) == [
        "all-busy",
        *("wait/ahead-before", "say/number-11", "wait/ahead-after"),
        *("wait/about-before", "say/minutes-7", "wait/about-after"),
    ]


@pytest.mark.parametrize(("place", "clip"), [(1, "wait/next"), (2, "wait/one-ahead")])
def test_front_of_the_line_has_sentences_of_its_own(tmp_path: Path, place: int, clip: str) -> None:
    said = announcer(tmp_path, ALL).waiting(tell(place=place, wait_us=None, first=False))
    assert heard(said) == [clip]


def test_nobody_can_say_how_long_or_it_is_more_than_two_hours(tmp_path: Path) -> None:
    for wait in (None, 121 * MINUTE, 10**15):
        said = announcer(tmp_path, ALL).waiting(tell(place=1, wait_us=wait))
        assert heard(said) == ["all-busy", "wait/next"]


def test_missing_clip_takes_its_sentence_with_it_and_no_other(tmp_path: Path) -> None:
    clips = [clip for clip in ALL if clip != "say/number-11"]
    said = announcer(tmp_path, clips).waiting(tell(place=12))
    assert heard(said) == ["all-busy", "wait/about-before", "say/minutes-7", "wait/about-after"]


def test_without_any_clip_nothing_is_said(tmp_path: Path) -> None:
    assert announcer(tmp_path, ()).waiting(tell()) == ""


def test_unknown_language_is_the_main_one_or_at_least_all_busy(tmp_path: Path) -> None:
    assert announcer(tmp_path, ALL).waiting(tell(language="", place=1, wait_us=None)) == (
        "/p/zh-CN/all-busy&/p/zh-CN/wait/next"
    )
    assert announcer(tmp_path, ALL).waiting(tell(language="xx")) == "/p/zh-CN/all-busy"


def test_place_that_no_clip_can_say_is_left_out(tmp_path: Path) -> None:
    said = announcer(tmp_path, ALL).waiting(tell(place=10**30, wait_us=None))
    assert heard(said)[0] == "all-busy"


def test_too_long_for_one_line_whole_sentences_are_left_out(tmp_path: Path) -> None:
    deep = "/" + "/".join(["x" * 60] * 4)
    said = announcer(tmp_path, ALL, at=deep).waiting(tell(place=2))
    paths = said.split("&")
    assert [path.rpartition("/en/")[2] for path in paths] == ["all-busy", "wait/one-ahead"]


@given(st.lists(st.lists(st.text("abc/é中", min_size=1, max_size=90).map(lambda s: f"/{s}"))))
def test_what_is_joined_fits_into_a_line_and_is_made_of_whole_sentences(
    said: list[list[str]],
) -> None:
    text = joined(tuple(one) for one in said)
    assert len(text.encode()) <= MAX_BYTES
    Action.of("Setvar", Channel="jt1-1.7", Variable="CTI_SAY", Value=text).encode("1")
    whole = ["&".join(path for one in said[:n] for path in one) for n in range(len(said) + 1)]
    assert text in whole


@given(st.integers(1, 10_000), st.none() | st.integers(0, 10**11), st.sampled_from(["zh-CN", "en"]))
def test_every_place_and_wait_can_be_said_in_both_languages(
    place: int, wait_us: int | None, language: str
) -> None:
    said = list(sentences(tell(place=place, wait_us=wait_us, language=language), language))
    assert said[0] == ("all-busy",)
    assert all(said)


def test_callback_the_seat_hears_the_main_language_and_the_customer_their_own(
    tmp_path: Path,
) -> None:
    effect = OriginateCallback(
        offer=OfferId("callback.1001.5"),
        seat=SeatId("1001"),
        device="PJSIP/1001",
        callback=CallbackId("back.jt1-1.7"),
        call=CallId("jt1-1.7"),
        queue=QueueId("repairs"),
        number="13800001111",
        hotline="12345",
        language="en",
        ring_us=15_000_000,
        customer_ring_us=30_000_000,
        recording="a--b.raw",
    )
    filled = announcer(tmp_path, ALL).callback(effect)
    assert filled.say_seat == "/p/zh-CN/callback/seat"
    assert filled.say_customer == "/p/en/callback/answer"
    assert announcer(tmp_path / "empty", ()).callback(effect) == effect
