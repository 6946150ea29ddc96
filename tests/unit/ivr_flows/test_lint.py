"""What lint says of a flow, and what it lets pass."""

from __future__ import annotations

import time
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ivr_flows import steps
from ivr_flows.lint import lint
from ivr_flows.lint_rules.catalogue import RULES
from ivr_flows.lint_rules.circles import circles
from ivr_flows.lint_rules.site_flows import SiteFlows
from ivr_flows.lint_rules.speech import announced, spoken_seconds
from ivr_flows.model import Flow, Relaxation, Step
from ivr_flows.says import Recorded, Say, Text, Words
from ivr_flows.speech.catalogue import PROMPTS, read_catalogue
from ivr_flows.templates import Template


def said(chinese: str, english: str = "") -> Say:
    return (Text({"zh-CN": (Words(chinese),), "en": (Words(english or "Hello"),)}),)


def menu(step_id: str, keys: Mapping[str, str], otherwise: str, say: Say = ()) -> steps.Menu:
    return steps.Menu(
        id=step_id, say=say or said("您好"), choices=keys, otherwise=otherwise, no_key=()
    )


def person(step_id: str = "person") -> steps.Queue:
    return steps.Queue(id=step_id, queue="service", priority=5)


def bye(step_id: str = "bye") -> steps.Hangup:
    return steps.Hangup(id=step_id, say=said("再见"))


def play(step_id: str, to: str, say: Say = ()) -> steps.Play:
    return steps.Play(id=step_id, say=say or said("好"), next=to)


def flow_of(*some: Step, name: str = "main", relaxed: tuple[Relaxation, ...] = ()) -> Flow:
    return Flow(
        id=name,
        languages=("zh-CN",),
        start=some[0].id,
        steps={step.id: step for step in some},
        relaxed=relaxed,
    )


def site_of(*flows: Flow, hotlines: tuple[str, ...] = ("main",)) -> SiteFlows:
    return SiteFlows({flow.id: flow for flow in flows}, hotlines=hotlines)


def found(*flows: Flow) -> list[tuple[str, str | None]]:
    return [(one.rule.id, one.step) for one in lint(site_of(*flows))]


GOOD = flow_of(
    play("hello", "main-menu"),
    menu("main-menu", {"1": "bills", "2": "repairs", "0": "person"}, "person"),
    menu("bills", {"1": "told", "9": "main-menu", "0": "person"}, "person"),
    play("told", "bye"),
    person("repairs"),
    person(),
    bye(),
)


def test_good_flow_has_no_findings() -> None:
    assert found(GOOD) == []


class TestPersonWithinTwoKeys:
    def test_third_key_is_one_too_many(self) -> None:
        flow = flow_of(
            menu("one", {"1": "two"}, "bye"),
            menu("two", {"1": "three"}, "bye"),
            menu("three", {"1": "person"}, "bye"),
            person(),
            bye(),
        )
        (finding,) = lint(site_of(flow))
        assert (finding.rule.id, finding.step) == ("person-within-two-keys", "one")
        assert finding.message[1] == "a person is 3 keys away from here"

    def test_way_without_a_key_counts_as_none(self) -> None:
        flow = flow_of(
            menu("one", {"1": "two"}, "bye"),
            menu("two", {"1": "three"}, "bye"),
            menu("three", {"1": "bye"}, "person"),
            person(),
            bye(),
        )
        assert found(flow) == []

    def test_outside_number_is_a_person(self) -> None:
        flow = flow_of(
            menu("one", {"1": "out"}, "bye"), steps.Transfer(id="out", to="x", failed="bye"), bye()
        )
        assert found(flow) == []

    def test_no_way_at_all_is_said_so(self) -> None:
        (finding,) = lint(site_of(flow_of(menu("one", {"1": "bye"}, "bye"), bye())))
        assert finding.message[1] == "no way leads from here to a person"

    @pytest.mark.parametrize(
        "question",
        [
            steps.Digits(
                id="ask", say=said("号"), into="n", least=1, most=2, next="bye", otherwise="bye"
            ),
            steps.Identify(
                id="ask",
                say=said("密码"),
                service="s",
                path=Template.read("/x"),
                next="bye",
                otherwise="bye",
                failed="bye",
            ),
            steps.Score(id="ask", survey="s", say=said("评分"), next="bye", otherwise="bye"),
        ],
    )
    def test_every_question_counts(self, question: Step) -> None:
        assert found(flow_of(question, bye())) == [("person-within-two-keys", "ask")]

    def test_outside_opening_hours_nobody_need_be_there(self) -> None:
        hours = steps.CheckHours(id="hours", hours="h", open="person", closed="closed")
        flow = flow_of(hours, menu("closed", {"1": "bye"}, "bye"), person(), bye())
        assert found(flow) == []
        shared = flow_of(
            hours, menu("closed", {"1": "bye"}, "bye"), play("person", "closed"), bye()
        )
        assert found(shared) == [("person-within-two-keys", "closed")]

    def test_person_in_another_flow_counts_with_its_keys(self) -> None:
        call = steps.SubFlow(id="call", flow="other", next="bye")
        main = flow_of(menu("one", {"1": "call"}, "bye"), call, bye())
        near = flow_of(menu("ask", {"0": "person"}, "person"), person(), name="other")
        assert found(main, near) == []
        far = flow_of(
            menu("ask", {"1": "ask-2"}, "back"),
            menu("ask-2", {"1": "person"}, "back"),
            person(),
            steps.Return(id="back"),
            name="other",
        )
        assert found(main, far) == [("person-within-two-keys", "one")]

    def test_person_after_the_way_back_from_another_flow_counts(self) -> None:
        main = flow_of(steps.SubFlow(id="call", flow="other", next="person"), person())
        other = flow_of(menu("ask", {"1": "back"}, "back"), steps.Return(id="back"), name="other")
        assert found(main, other) == []

    def test_flow_called_from_two_places_is_judged_by_the_worse(self) -> None:
        main = flow_of(
            menu("one", {"1": "good", "2": "bad"}, "good"),
            steps.SubFlow(id="good", flow="other", next="person"),
            steps.SubFlow(id="bad", flow="other", next="bye"),
            person(),
            bye(),
        )
        other = flow_of(menu("ask", {"1": "back"}, "back"), steps.Return(id="back"), name="other")
        assert found(main, other) == [("person-within-two-keys", "ask")]

    def test_survey_after_the_call_needs_no_person(self) -> None:
        survey = flow_of(
            steps.Score(id="ask", survey="s", say=said("评分"), next="bye", otherwise="bye"),
            bye(),
            name="survey",
        )
        site = SiteFlows({"survey": survey}, after=["survey"])
        assert lint(site) == []

    def test_flow_that_a_seat_sends_callers_to_leads_back_to_the_seat(self) -> None:
        flow = flow_of(menu("ask", {"1": "back"}, "back"), steps.Return(id="back"), name="pin")
        assert lint(SiteFlows({"pin": flow})) == []
        hotline = replace(flow, id="main")
        assert found(hotline) == [("person-within-two-keys", "ask")]


class TestMenus:
    def test_six_choices_are_too_many(self) -> None:
        keys = {str(n): "told" for n in range(1, 7)} | {"0": "person"}
        flow = flow_of(menu("top", keys, "person"), play("told", "bye"), person(), bye())
        (finding,) = lint(site_of(flow))
        assert (finding.rule.id, finding.key) == ("most-five-choices", ("keys",))
        assert finding.message[1] == "has 6 choices (1, 2, 3, 4, 5, 6); at most 5"

    def test_person_back_and_language_are_not_counted(self) -> None:
        keys = {str(n): "told" for n in range(1, 6)}
        aside = {"0": "person", "9": "top", "8": "english", "*": "low"}
        flow = flow_of(
            menu("top", {"1": "low"}, "person"),
            menu("low", keys | aside, "person"),
            play("told", "bye"),
            steps.SwitchLanguage(id="english", to="other", next="low"),
            person(),
            bye(),
        )
        assert found(flow) == []

    def test_key_to_a_menu_beside_is_counted(self) -> None:
        keys = {str(n): "told" for n in range(1, 6)}
        flow = flow_of(
            menu("top", {"1": "left", "2": "right"}, "person"),
            menu("left", keys | {"6": "right"}, "person"),
            menu("right", {"1": "told"}, "person"),
            play("told", "bye"),
            person(),
            bye(),
        )
        assert found(flow) == [("most-five-choices", "left")]

    def test_only_one_key_for_a_person_is_left_out(self) -> None:
        keys = {str(n): f"person-{n}" for n in range(1, 8)}
        people = [person(f"person-{n}") for n in range(1, 8)]
        assert found(flow_of(menu("top", keys, "person-1"), *people)) == [
            ("most-five-choices", "top")
        ]

    def test_fourth_level_is_too_deep(self) -> None:
        menus = [menu(f"m{n}", {"1": f"m{n + 1}", "0": "person"}, "person") for n in range(1, 4)]
        flow = flow_of(*menus, menu("m4", {"0": "person"}, "person"), person())
        assert found(flow) == [("most-three-levels", "m4")]

    def test_menu_of_languages_is_no_level(self) -> None:
        languages = menu("lang", {"1": "zh", "2": "en"}, "m1")
        switches = [
            steps.SwitchLanguage(id=name, to=to, next="m1")
            for name, to in (("zh", "zh-CN"), ("en", "en"))
        ]
        menus = [menu(f"m{n}", {"1": f"m{n + 1}", "0": "person"}, "person") for n in range(1, 3)]
        flow = flow_of(
            languages, *switches, *menus, menu("m3", {"0": "person"}, "person"), person()
        )
        assert found(flow) == []

    def test_short_cut_decides_the_level(self) -> None:
        menus = [menu(f"m{n}", {"1": f"m{n + 1}", "0": "person"}, "person") for n in range(1, 4)]
        short = menu("m0", {"1": "m1", "2": "m4"}, "person")
        flow = flow_of(
            short,
            *menus[:2],
            menu("m3", {"0": "person"}, "person"),
            menu("m4", {"0": "person"}, "person"),
            person(),
        )
        assert ("most-three-levels", "m4") not in found(flow)


class TestEnds:
    def test_hang_up_without_a_word_is_found(self) -> None:
        silent = steps.Hangup(id="cut")
        flow = flow_of(menu("one", {"1": "cut", "0": "person"}, "person"), person(), silent)
        (finding,) = lint(site_of(flow))
        assert (finding.rule.id, finding.step) == ("no-silent-end", "cut")

    def test_hang_up_after_an_announcement_is_none(self) -> None:
        flow = flow_of(
            menu("one", {"1": "told", "0": "person"}, "person"),
            play("told", "cut"),
            person(),
            steps.Hangup(id="cut"),
        )
        assert found(flow) == []

    def test_circle_that_only_silence_leaves_is_found(self) -> None:
        flow = flow_of(
            menu("one", {"1": "two", "2": "three"}, "person"),
            menu("two", {"1": "one"}, "person"),
            play("three", "one"),
            person(),
        )
        assert found(flow) == [("loop-without-exit", "one")]

    def test_circle_with_a_key_that_leads_out_is_none(self) -> None:
        flow = flow_of(
            menu("one", {"1": "two"}, "person"),
            menu("two", {"1": "one", "0": "person"}, "person"),
            person(),
        )
        assert found(flow) == []

    def test_circles_are_found_whole(self) -> None:
        flow = flow_of(
            menu("a", {"1": "b", "2": "d"}, "x"),
            play("b", "c"),
            menu("c", {"1": "a"}, "x"),
            menu("d", {"1": "d"}, "x"),
            bye("x"),
        )
        assert sorted(circles(flow)) == [("a", "b", "c"), ("d",)]


@dataclass
class Tape:
    """Recordings: prompt to seconds and words."""

    known: dict[str, tuple[float, str]] = field(default_factory=dict)

    def seconds(self, prompt: str, language: str) -> float | None:
        return self.known[prompt][0] if prompt in self.known else None

    def text(self, prompt: str, language: str) -> str | None:
        return self.known[prompt][1] if prompt in self.known else None


class TestSpeech:
    def test_long_announcement_before_the_first_choice_is_found(self) -> None:
        flow = flow_of(
            play("hello", "menu", said("欢迎" * 30)),
            menu("menu", {"1": "person"}, "person", said("为您服务" * 6 + "，人工请按一。")),
            person(),
        )
        (finding,) = lint(site_of(flow))
        assert (finding.rule.id, finding.step) == ("first-choice-within-20-seconds", "menu")
        assert "23 s (zh-CN)" in finding.message[1]

    def test_choice_that_comes_early_in_a_long_menu_is_fine(self) -> None:
        words = "人工请按一。" + "本热线为您提供服务" * 20
        assert found(flow_of(menu("menu", {"1": "person"}, "person", said(words)), person())) == []

    def test_recording_counts_by_its_real_length(self) -> None:
        flow = flow_of(
            play("hello", "menu", (Recorded("hello"),)),
            menu("menu", {"1": "person"}, "person", (Recorded("menu"),)),
            person(),
        )
        long = Tape({"hello": (19.0, "您好"), "menu": (10.0, "您好您好，人工请按一。")})
        assert [one.rule.id for one in lint(site_of(flow), long)] == [
            "first-choice-within-20-seconds"
        ]
        long.known["hello"] = (12.0, "您好")
        assert lint(site_of(flow), long) == []

    def test_key_in_between_begins_anew(self) -> None:
        flow = flow_of(
            menu("one", {"1": "told"}, "person", said("您好" * 30 + "请按一。")),
            play("told", "two", said("您好" * 30)),
            menu("two", {"1": "person"}, "person", said("您好，请按一。")),
            person(),
        )
        assert found(flow) == []

    def test_announced_key_that_is_not_there_is_found(self) -> None:
        flow = flow_of(
            menu("menu", {"1": "person"}, "person", said("报修请按一，缴费请按三。")), person()
        )
        (finding,) = lint(site_of(flow))
        assert finding.rule.id == "announced-key-exists"
        assert finding.message == (
            "提示（zh-CN）说按 3，菜单里没有这个键",
            "the words (zh-CN) announce 3, which is no key of this menu",
        )

    def test_key_that_nobody_is_told_of_is_found(self) -> None:
        flow = flow_of(
            menu("menu", {"1": "person", "5": "bye"}, "person", said("人工请按一。")),
            person(),
            bye(),
        )
        (finding,) = lint(site_of(flow))
        assert finding.message[1] == "the words (zh-CN) do not announce 5"

    def test_order_of_the_words_is_looked_at(self) -> None:
        words = said("报修请按二，缴费请按一，人工请按零。")
        keys = {"1": "person", "2": "person", "0": "person"}
        assert found(flow_of(menu("menu", keys, "person", words), person())) == [
            ("keys-in-order", "menu")
        ]

    def test_words_without_any_key_are_not_judged(self) -> None:
        flow = flow_of(menu("menu", {"1": "person"}, "person", said("请选择。")), person())
        assert found(flow) == []

    @pytest.mark.parametrize(
        ("text", "keys"),
        [
            ("报修请按一，缴费请按2，人工服务请按零，重听请按星号键，结束按井号键。", "120*#"),
            ("For bills press one, for repairs press 2, to repeat press star.", "12*"),
            ("Pressing the pound key; press zero", "#0"),
            ("按照规定，一律按时缴费。Press release one.", ""),
            ("请按数字键３", "3"),
            ("请按一下井号键，按一定的顺序，按12号文件", "#"),
            ("评分请按一至五，其他请按七或八、九。", "12345789"),
            ("Press 1 to 3, or press star. Press seven, eight or nine.", "123*789"),
            ("To pay press one, to stop press two.", "12"),
            ("Press one to pay, press two for help.", "12"),
            ("人工服务请按零。[en]For English, press nine.", "09"),
        ],
    )
    def test_keys_are_understood(self, text: str, keys: str) -> None:
        assert "".join(key for _, key in announced(text)) == keys

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_estimate_fits_the_shipped_recordings(self, language: str) -> None:
        texts = read_catalogue()
        for prompt in ("all-busy", "closed", "technical-problem"):
            with wave.open(str(PROMPTS / language / f"{prompt}.wav")) as sound:
                seconds = sound.getnframes() / sound.getframerate()
            assert spoken_seconds(texts[prompt][language], language) == pytest.approx(
                seconds, rel=0.2
            )


class TestRelaxed:
    FLOW = (menu("one", {"1": "bye"}, "bye"), bye())

    def test_relaxed_rule_with_a_reason_is_silent(self) -> None:
        why = "满意度回访，无人工"
        for step in ("one", None):
            relaxed = Relaxation(rule="person-within-two-keys", step=step, why=why)
            assert found(flow_of(*self.FLOW, relaxed=(relaxed,))) == []

    def test_without_a_reason_both_are_found(self) -> None:
        relaxed = Relaxation(rule="person-within-two-keys", step="one", why="  ")
        flow = flow_of(*self.FLOW, relaxed=(relaxed,))
        assert found(flow) == [
            ("relaxed-with-a-reason", None),
            ("person-within-two-keys", "one"),
        ]

    @pytest.mark.parametrize(
        ("relaxed", "said"),
        [
            (Relaxation(rule="most-three-levels", why="x"), "is kept here; this entry can go"),
            (Relaxation(rule="most-three-level", why="x"), "did you mean 'most-three-levels'?"),
            (Relaxation(rule="refused", why="x"), "there is no rule 'refused' to relax"),
            (Relaxation(rule="most-three-levels", step="x", why="x"), "there is no step 'x'"),
        ],
    )
    def test_entry_in_vain_is_found(self, relaxed: Relaxation, said: str) -> None:
        (finding,) = lint(site_of(replace(GOOD, relaxed=(relaxed,))))
        assert finding.rule.id == "relaxed-in-vain"
        assert said in finding.message[1]
        assert finding.key[:2] == ("relax", "0")


def test_every_rule_tells_why_and_whence_in_both_languages() -> None:
    for rule in RULES.values():
        for chinese, english in (rule.why, rule.source):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese) or "docs" in chinese
            assert english.isascii()


@pytest.mark.parametrize("shape", ["chain", "star", "circle"])
def test_ten_thousand_steps_take_seconds(shape: str) -> None:
    count = 10_000
    some: list[Step] = []
    for n in range(count):
        to = {"chain": n + 1, "star": count, "circle": (n + 1) % count}[shape]
        keys = {"1": f"s{to}", "0": "person"}
        some.append(menu(f"s{n}", keys, "person", said("缴费请按一，人工请按零。")))
    flow = flow_of(*some, person(f"s{count}"), person())
    began = time.process_time()
    lint(site_of(flow))
    assert time.process_time() - began < 10


def test_chain_of_ten_thousand_announcements_takes_seconds() -> None:
    some = [play(f"s{n}", f"s{n + 1}") for n in range(10_000)]
    flow = flow_of(*some, menu("s10000", {"1": "person"}, "person", said("请按一")), person())
    began = time.process_time()
    assert found(flow) == [("first-choice-within-20-seconds", "s10000")]
    assert time.process_time() - began < 10


@pytest.mark.parametrize("page", ["flow-rules.md", "flow-rules.zh-CN.md"])
def test_every_rule_is_described(page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    severity = {"error": ("error", "错误"), "warning": ("warning", "警告")}
    told = [tuple(row.split(" | ")[:2]) for row in rows]
    assert sorted(name.strip("| `") for name, _ in told) == sorted(RULES)
    for name, shown in told:
        assert shown in severity[RULES[name.strip("| `")].severity]
