"""Something is always heard: which sound, how soon, and what is reported when it is another."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr_flows.model import Flow, FlowBook
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.sayings import clip_names
from ivr_flows.says import Clip, Spell, Text, Utterance, Value, Words
from ivr_flows.speech.ahead import Ahead
from ivr_flows.speech.choice import EngineName
from ivr_flows.speech.errors import EngineFailed, EngineMissing
from ivr_flows.speech.sounds import SoundBook
from ivr_flows.speech.spoken import MOST_WAITING, Places, Spoken
from ivr_flows.speech.text import key_of
from ivr_flows.steps import Play

CATALOGUE = {"closed": {"zh-CN": "现在是非工作时间。", "en": "We are closed."}}


class FakeEngine:
    """Writes a file after `delay_s`, or fails. `mode` may change."""

    def __init__(self, engine: EngineName = "kokoro", *, delay_s: float = 0) -> None:
        self.engine: EngineName = engine
        self.delay_s = delay_s
        self.mode = "good"
        self.asked: list[tuple[str, str]] = []
        self._made: asyncio.Queue[str] = asyncio.Queue()

    async def done(self, texts: int) -> None:
        """Wait until so many texts have been made."""
        async with asyncio.timeout(5):
            for _ in range(texts):
                await self._made.get()
        await asyncio.sleep(0)

    @property
    def open(self) -> bool:
        return self.engine != "none"

    async def make(self, text: str, language: str, out: Path) -> float:
        self.asked.append((text, language))
        await asyncio.sleep(self.delay_s)
        if self.mode != "good":
            raise EngineFailed(self.engine, "out of order")
        _write(out)
        self._made.put_nowait(text)
        return 1.0

    async def close(self) -> None: ...


def _write(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"RIFF")


class Stage:
    """A site's folders with the shipped prompts that are named, and two engines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.main = FakeEngine()
        self.spare = FakeEngine("espeak")
        self.stood_in: Counter[str] = Counter()
        for name in ("please-hold", "greeting"):
            self.record("zh-CN", name)
        self.places = Places(
            kept=folder / "kept", cache=folder / "cache", cache_in_asterisk="/spoken"
        )

    def record(self, language: str, name: str, *, studio: bool = False) -> None:
        below = Path("studio", language) if studio else Path(language)
        file = self.folder / "prompts" / below / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def keep(self, text: str, language: str = "zh-CN") -> None:
        _write(self.folder / "kept" / language / f"{key_of(text, language)}.wav")

    @property
    def prompts(self) -> PromptLibrary:
        return PromptLibrary(self.folder / "prompts", "/prompts", "zh-CN")

    @property
    def spoken(self) -> Spoken:
        return Spoken(self.places, self.main, self.spare)

    def book(self, patience_s: float = 0.3) -> SoundBook:
        return SoundBook(
            self.prompts,
            self.spoken,
            "zh-CN",
            patience_s=patience_s,
            catalogue=CATALOGUE,
            stood_in=lambda kind: self.stood_in.update([kind]),
        )

    async def firsts(self, *pieces: Clip | Words | Spell, language: str = "zh-CN") -> list[str]:
        """The best candidate of each sound."""
        return [sound[0] for sound in await self.book().sounds(pieces, language)]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def path(text: str, shelf: str = "kokoro", language: str = "zh-CN") -> str:
    return f"/spoken/{shelf}/{language}/{key_of(text, language)}"


HOLD = "/prompts/zh-CN/please-hold"


class TestClip:
    async def test_studio_goes_before_shipped(self, stage: Stage) -> None:
        stage.record("zh-CN", "greeting", studio=True)
        sounds = await stage.book().sounds((Clip("greeting"),), "zh-CN")
        assert sounds == (("/prompts/studio/zh-CN/greeting", "/prompts/zh-CN/greeting"),)
        assert not stage.stood_in

    async def test_missing_in_the_language_is_heard_in_the_main_one(self, stage: Stage) -> None:
        assert await stage.firsts(Clip("greeting"), language="en") == ["/prompts/zh-CN/greeting"]
        assert stage.stood_in == {"main-language": 1}

    async def test_whose_text_is_known_is_spoken_before_that(self, stage: Stage) -> None:
        stage.record("zh-CN", "closed")
        assert await stage.firsts(Clip("closed"), language="en") == [
            path("We are closed.", language="en")
        ]

    async def test_missing_everywhere_is_a_neutral_clip(self, stage: Stage) -> None:
        assert await stage.firsts(Clip("nothing")) == [HOLD]
        assert stage.stood_in == {"neutral": 1}

    async def test_with_nothing_recorded_at_all_is_asterisks_own(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path)
        stage.main.mode = stage.spare.mode = "fails"
        for file in (tmp_path / "prompts").rglob("*.wav"):
            file.unlink()
        for piece in (Clip("nothing"), Words("您好"), Spell("amount", "1.00"), Clip("beep")):
            assert await stage.firsts(piece) == ["beep"]


class TestWords:
    async def test_kept_with_the_site_goes_first_and_comes_to_where_asterisk_looks(
        self, stage: Stage
    ) -> None:
        stage.keep("您好")
        sounds = await stage.book().sounds((Words("您好"),), "zh-CN")
        assert sounds == ((path("您好", "kept"), HOLD),)
        assert (stage.folder / "cache/kept/zh-CN" / f"{key_of('您好', 'zh-CN')}.wav").is_file()
        assert not stage.main.asked

    async def test_spoken_now_is_there_for_the_next_caller(self, stage: Stage) -> None:
        assert await stage.firsts(Words("您好")) == [path("您好")]
        assert await stage.firsts(Words("您好")) == [path("您好")]
        assert len(stage.main.asked) == 1
        assert not stage.spare.asked
        assert not stage.stood_in

    async def test_fifty_callers_at_once_are_one_text(self, stage: Stage) -> None:
        stage.main.delay_s = 0.05
        book = stage.book()
        heard = await asyncio.gather(*(book.sounds((Words("您好"),), "zh-CN") for _ in range(50)))
        assert {sounds[0][0] for sounds in heard} == {path("您好")}
        assert len(stage.main.asked) == 1

    async def test_engine_that_fails_leaves_it_to_the_last_resort(self, stage: Stage) -> None:
        stage.main.mode = "fails"
        assert await stage.firsts(Words("您好")) == [path("您好", "espeak")]
        assert stage.stood_in == {"last-resort": 1}

    async def test_slow_engine_costs_a_caller_no_more_than_the_patience(self, stage: Stage) -> None:
        stage.main.delay_s = 0.6
        book = stage.book(patience_s=0.4)
        began = time.monotonic()
        pieces = tuple(Words(f"第{count}句") for count in range(5))
        heard = await book.sounds(pieces, "zh-CN")
        assert time.monotonic() - began < 0.55
        assert [sound[0] for sound in heard] == [path(one.text, "espeak") for one in pieces]
        # What was begun goes on, for the next one.
        await stage.main.done(5)
        heard = await book.sounds(pieces, "zh-CN")
        assert [sound[0] for sound in heard] == [path(one.text) for one in pieces]

    async def test_every_engine_failing_is_a_neutral_clip_once_in_a_breath(
        self, stage: Stage
    ) -> None:
        stage.main.mode = stage.spare.mode = "fails"
        with capture_logs() as logs:
            for _ in range(3):
                heard = await stage.firsts(Words("您的余额是"), Words("元"))
                assert heard == [HOLD]
        assert stage.stood_in == {"neutral": 6}
        assert any(log["event"] == "text not spoken" for log in logs)

    async def test_no_engine_at_all_costs_no_time(self, stage: Stage) -> None:
        stage.main.engine = stage.spare.engine = "none"
        began = time.monotonic()
        assert await stage.firsts(Words("您好")) == [HOLD]
        assert time.monotonic() - began < 0.1

    async def test_failure_is_reported_once_for_a_text(self, stage: Stage) -> None:
        stage.main.engine = stage.spare.engine = "none"
        book = stage.book()
        with capture_logs() as logs:
            for _ in range(5):
                await book.sounds((Words("您好"),), "zh-CN")
        assert [log["said"] for log in logs if log["event"] == "text not spoken"] == ["您好"]

    async def test_same_text_of_the_main_language_stands_in(self, stage: Stage) -> None:
        stage.keep("您好，再见。")
        stage.main.engine = stage.spare.engine = "none"
        book = stage.book()
        await book.prebuild(flows({"zh-CN": (Words("您好，再见。"),), "en": (Words("Bye."),)}))
        sounds = await book.sounds((Words("Bye."),), "en")
        assert sounds[0][0] == path("您好，再见。", "kept")
        assert stage.stood_in == {"main-language": 1}

    async def test_flood_of_new_texts_is_bounded(self, stage: Stage) -> None:
        stage.main.delay_s = stage.spare.delay_s = 60
        book = stage.book(patience_s=0.3)
        heard = await asyncio.gather(
            *(book.sounds((Words(f"第{count}句"),), "zh-CN") for count in range(300))
        )
        assert {sounds[0][0] for sounds in heard} == {HOLD}
        assert len(stage.main.asked) + len(stage.spare.asked) <= MOST_WAITING
        await book.close()

    @pytest.mark.parametrize(
        "text",
        ["", "\x00", "$(reboot) `x` | &", "../../etc/passwd", "x" * 100_000, "\ud800", "字" * 999],
    )
    async def test_hostile_text_is_heard_or_stood_in_for(self, stage: Stage, text: str) -> None:
        for piece in (Words(text), Spell("text", text), Spell("amount", text), Clip(text)):
            for language in ("zh-CN", "en", "", "../..", "x" * 1000):
                for sound in await stage.book().sounds((piece,), language):
                    for candidate in sound:
                        assert candidate.isascii()
                        assert ".." not in candidate
                        assert len(candidate) < 200

    async def test_cache_that_cannot_be_written_is_no_silence(self, stage: Stage) -> None:
        (stage.folder / "cache").write_text("a file where a folder should be")
        stage.keep("您好")

        async def refuse(text: str, language: str, out: Path) -> float:
            out.parent.mkdir(parents=True)
            raise AssertionError

        stage.main.make = stage.spare.make = refuse  # type: ignore[method-assign]
        assert await stage.firsts(Words("您好"), Words("再见")) == [HOLD]


class TestSpell:
    @pytest.fixture(autouse=True)
    def _recorded(self, stage: Stage) -> None:
        for name in clip_names()["zh-CN"]:
            stage.record("zh-CN", name)

    async def test_is_clips_of_its_kind(self, stage: Stage) -> None:
        heard = await stage.firsts(Spell("amount", "12.50"))
        assert heard == [f"/prompts/zh-CN/say/{name}" for name in ("number-12", "yuan", "jiao-5")]

    async def test_text_is_spoken_and_its_words_are_in_no_log(self, stage: Stage) -> None:
        stage.main.mode = stage.spare.mode = "fails"
        with capture_logs() as logs:
            assert await stage.firsts(Spell("text", "张三丰")) == [HOLD]
        assert "张三丰" not in str(logs)

    async def test_bad_value_is_said_digit_by_digit(self, stage: Stage) -> None:
        heard = await stage.firsts(Spell("date", "2026"))
        assert heard == [f"/prompts/zh-CN/say/digit-{digit}" for digit in "2026"]

    async def test_value_that_has_no_digits_is_spoken(self, stage: Stage) -> None:
        assert await stage.firsts(Spell("amount", "很多")) == [path("很多")]


class TestPrebuild:
    async def test_makes_what_is_missing_and_nothing_else(self, stage: Stage) -> None:
        stage.keep("您好")
        book = stage.book()
        await book.prebuild(flows({"zh-CN": (Words("您好"), Value("x", "amount"), Words("元"))}))
        assert stage.main.asked == [("元", "zh-CN")]

    async def test_speaks_again_what_only_the_last_resort_has_spoken(self, stage: Stage) -> None:
        stage.main.mode = "fails"
        await stage.firsts(Words("您好"))
        stage.main.mode = "good"
        book = stage.book()
        await book.prebuild(flows({"zh-CN": (Words("您好"),)}))
        assert (await book.sounds((Words("您好"),), "zh-CN"))[0][0] == path("您好")

    async def test_a_notice_is_made_before_a_caller_wants_it(self, stage: Stage) -> None:
        book = stage.book()
        assert await book.prepare([("停水通知", "zh-CN"), ("", "zh-CN")]) == 0
        assert stage.main.asked == [("停水通知", "zh-CN")]

    async def test_goes_on_after_a_failure_and_tries_again_until_the_engine_is_back(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr_flows.speech.rest.SAME_TEXT_S", 0)
        monkeypatch.setattr("ivr_flows.speech.rest.ENGINE_S", 0)
        stage.main.mode = "fails"
        ahead = Ahead(stage.prompts, stage.spoken, CATALOGUE, again_s=0.05)
        work = asyncio.create_task(ahead.run(flows({"zh-CN": (Words("一"), Words("二"))})))
        with capture_logs() as logs:
            await stage.spare.done(2)
            stage.main.mode = "good"
            async with asyncio.timeout(5):
                await work
        assert [log["said"] for log in logs if log["event"] == "text not made ahead"] == [
            "一",
            "二",
        ]
        assert [log["failed"] for log in logs if log["event"] == "texts made ahead"][-1] == 0
        assert stage.spare.asked == [("一", "zh-CN"), ("二", "zh-CN")]

    async def test_waits_no_longer_when_other_flows_come_or_at_the_end(self, stage: Stage) -> None:
        stage.main.mode = "fails"
        book = stage.book()
        first = asyncio.create_task(book.prebuild(flows({"zh-CN": (Words("一"),)})))
        await stage.spare.done(1)
        second = asyncio.create_task(book.prebuild(flows({"zh-CN": (Words("二"),)})))
        async with asyncio.timeout(5):
            await first
            await stage.spare.done(1)
            assert not second.done()
            await book.close()
            await second


def flows(parts: dict[str, tuple[Words | Value, ...]]) -> FlowBook:
    """A flow that says one text."""
    step = Play(id="hello", say=(Text(parts),), next="hello")
    return FlowBook.of(
        Flow(id="main", languages=tuple(parts), start="hello", steps={"hello": step})
    )


async def test_nothing_to_say_is_nothing(stage: Stage) -> None:
    nothing: Utterance = ()
    assert await stage.book().sounds(nothing, "zh-CN") == ()


async def test_no_engine_is_typed(stage: Stage) -> None:
    stage.main.engine = "none"
    spoken = Spoken(stage.places, stage.main, stage.spare)
    with pytest.raises(EngineMissing):
        await spoken.make("您好", "zh-CN", stage.main)
