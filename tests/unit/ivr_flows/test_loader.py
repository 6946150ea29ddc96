"""What a team lead can get wrong in a flow, and the line they are sent to."""

from __future__ import annotations

import re
import time
from pathlib import Path
from textwrap import dedent

import pytest

from config.site import load_site
from cti.menus import site_parts
from ivr_flows.errors import FlowRefused
from ivr_flows.loader import load_book, load_flow
from ivr_flows.model import Flow
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.site_parts import SiteParts
from ivr_flows.steps import Hangup, Menu, Play, Queue, SwitchLanguage, recorded

SITE = SiteParts(
    queues={"repairs": 3, "bills": 5},
    hours=frozenset({"office"}),
    services=frozenset({"billing"}),
    outside=frozenset({"police"}),
)
SITES = Path(__file__).parents[3] / "config/sites"


class _Recorded:
    """Recordings: NAME in both languages, NAME@LANGUAGE in one."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def has(self, name: str, language: str) -> bool:
        return name in self._names or f"{name}@{language}" in self._names

    def names(self) -> frozenset[str]:
        return frozenset(name.partition("@")[0] for name in self._names)


PROMPTS = _Recorded(
    "greeting", "main-menu", "transferring", "wrong-key", "no-key", "goodbye", "only-chinese@zh-CN"
)
SHIPPED = PromptLibrary(Path(__file__).parents[3] / "ivr_flows/prompts", "/", "zh-CN")
GOOD = """\
languages: [zh-CN, en]
start: greeting
steps:
  greeting:
    do: play
    say: greeting
    next: main-menu
  main-menu:
    do: menu
    say: main-menu
    keys:
      1: repairs
      "9": other
    wrong_key: wrong-key
    otherwise: bye
  other:
    do: language
    to: other
    next: main-menu
  repairs:
    do: queue
    queue: repairs
    say: transferring
  bye:
    do: hangup
    say: goodbye
"""


def _load(folder: Path, text: str) -> Flow:
    file = folder / "main.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return load_flow(file, site=SITE, prompts=PROMPTS)


def _changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def _refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(FlowRefused) as refused:
        _load(folder, text)
    return [
        re.sub(r"^(/[^ :]+:\d+):\d+", r"\1", str(finding).replace(str(folder), ""))
        for finding in refused.value.findings
    ]


class TestGoodFlow:
    def test_every_kind_of_step_becomes_its_model(self, tmp_path: Path) -> None:
        flow = _load(tmp_path, GOOD)
        assert (flow.id, flow.start, flow.languages) == ("main", "greeting", ("zh-CN", "en"))
        assert list(flow.steps.values()) == [
            Play(id="greeting", say=recorded("greeting"), next="main-menu"),
            Menu(
                id="main-menu",
                say=recorded("main-menu"),
                choices={"1": "repairs", "9": "other"},
                wrong_key=recorded("wrong-key"),
                otherwise="bye",
            ),
            SwitchLanguage(id="other", to="other", next="main-menu"),
            Queue(id="repairs", queue="repairs", priority=3, say=recorded("transferring")),
            Hangup(id="bye", say=recorded("goodbye")),
        ]

    def test_priority_of_the_step_goes_before_the_queues(self, tmp_path: Path) -> None:
        flow = _load(tmp_path, _changed("queue: repairs\n", "queue: repairs\n    priority: 0\n"))
        step = flow.steps["repairs"]
        assert isinstance(step, Queue)
        assert step.priority == 0

    def test_example_site_is_a_good_flow(self) -> None:
        site = load_site(SITES / "demo-water/site.yaml")
        folder = SITES / "demo-water/flows"
        book = load_book(folder, site=site_parts(site), prompts=SHIPPED, needed=["main"])
        assert "main" in book.flows


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "queue: repairs",
            "queue: repair",
            "/main.yaml:22: steps.repairs.queue: there is no queue 'repair'; "
            "did you mean 'repairs'?",
        ),
        (
            "queue: repairs",
            "queue: zzz",
            "/main.yaml:22: steps.repairs.queue: there is no queue 'zzz'; known: bills, repairs",
        ),
        (
            "    next: main-menu\n  main-menu",
            "    next: mian-menu\n  main-menu",
            "/main.yaml:7: steps.greeting.next: there is no step 'mian-menu'; "
            "did you mean 'main-menu'?",
        ),
        (
            '"9": other',
            '"9": othre',
            "/main.yaml:13: steps.main-menu.keys.9: there is no step 'othre'; "
            "did you mean 'other'?",
        ),
        (
            "start: greeting",
            "start: greting",
            "/main.yaml:2: start: there is no step 'greting'; did you mean 'greeting'?",
        ),
        (
            "do: hangup",
            "do: hang-up",
            "/main.yaml:25: steps.bye.do: there is no kind of step 'hang-up'; "
            "did you mean 'hangup'?",
        ),
        (
            "    do: hangup\n",
            "",
            "/main.yaml:24: steps.bye.do: is missing; known: ",
        ),
        (
            "otherwise: bye",
            "otherwize: bye",
            "/main.yaml:15: steps.main-menu.otherwize: is not a known key; "
            "did you mean 'otherwise'?",
        ),
        (
            "    otherwise: bye\n",
            "",
            "/main.yaml:8: steps.main-menu.otherwise: is missing",
        ),
        (
            "say: goodbye",
            "say: godbye",
            "/main.yaml:26: steps.bye.say: there is no prompt 'godbye'; did you mean 'goodbye'?",
        ),
        (
            "wrong_key: wrong-key",
            "wrong_key: only-chinese",
            "/main.yaml:14: steps.main-menu.wrong_key: "
            "the prompt 'only-chinese' is not recorded in en",
        ),
        (
            "to: other",
            "to: fr",
            "/main.yaml:18: steps.other.to: the flow does not speak 'fr'; known: en, other, zh-CN",
        ),
        (
            "[zh-CN, en]",
            "[zh-CN, zh-CN]",
            "/main.yaml:1: languages.1: zh-CN is written twice",
        ),
        (
            '"9": other',
            '"９": other',
            "/main.yaml:13: steps.main-menu.keys.９: is not a telephone key; did you mean '9'? "
            "(found '９')",
        ),
        (
            '"9": other',
            '"10": other',
            "/main.yaml:13: steps.main-menu.keys.10: is not a telephone key; "
            'keys are "0" to "9", "*" and "#" (found \'10\')',
        ),
        (
            "otherwise: bye",
            "otherwise: main-menu",
            "/main.yaml:8: steps.main-menu: goes round for ever without a caller's key: "
            "main-menu -> main-menu",
        ),
        (
            "otherwise: bye",
            "otherwise: other",
            "/main.yaml:8: steps.main-menu: goes round for ever without a caller's key: "
            "main-menu -> other -> main-menu",
        ),
        ("start: greeting\n", "", "/main.yaml: start: is missing"),
        ("languages: [zh-CN, en]", "languages: []", "/main.yaml:1: languages: "),
        ("do: menu", "do: [menu]", "/main.yaml:9: steps.main-menu.do: there is no kind of step"),
        ('"9": other', '"1": other', "/main.yaml:11: steps.main-menu.keys: the key '1' is"),
    ],
)
def test_slip_is_found_at_its_line(tmp_path: Path, old: str, new: str, finding: str) -> None:
    found = _refused(tmp_path, _changed(old, new))
    assert any(line.startswith(finding) for line in found), found


class TestUnknownQueue:
    def test_hotline_does_not_open_and_the_message_says_where(self, tmp_path: Path) -> None:
        with pytest.raises(FlowRefused) as refused:
            _load(tmp_path, _changed("queue: repairs", "queue: repiars"))
        assert str(refused.value) == (
            f"{tmp_path}/main.yaml:22:12: steps.repairs.queue: there is no queue 'repiars'; "
            "did you mean 'repairs'?"
        )


class TestBetweenSteps:
    def test_step_without_a_way_to_it_is_refused(self, tmp_path: Path) -> None:
        found = _refused(tmp_path, GOOD + "  lost:\n    do: hangup\n")
        assert found == ["/main.yaml:27: steps.lost: no way leads to this step"]

    def test_circle_of_prompts_is_refused(self, tmp_path: Path) -> None:
        text = """\
            languages: [zh-CN]
            start: one
            steps:
              one: {do: play, say: greeting, next: two}
              two: {do: play, say: goodbye, next: one}
            """
        assert _refused(tmp_path, text) == [
            "/main.yaml:4: steps.one: goes round for ever without a caller's key: one -> two -> one"
        ]

    def test_circle_that_needs_a_key_is_welcome(self, tmp_path: Path) -> None:
        assert _load(tmp_path, GOOD).steps["other"].ways()[0].target == "main-menu"

    def test_other_language_of_one_is_refused(self, tmp_path: Path) -> None:
        found = _refused(tmp_path, _changed("[zh-CN, en]", "[zh-CN]"))
        assert found == [
            "/main.yaml:18: steps.other.to: the flow speaks one language, there is no other"
        ]

    def test_everything_wrong_is_said_at_once(self, tmp_path: Path) -> None:
        text = GOOD.replace("queue: repairs", "queue: x").replace("do: hangup", "do: hangupp")
        found = _refused(tmp_path, text.replace("say: main-menu", "say: manu"))
        assert [line.split(": ")[1] for line in found] == [
            "steps.bye.do",
            "steps.repairs.queue",
            "steps.main-menu.say",
        ]

    def test_long_flow_does_not_exhaust_the_stack(self, tmp_path: Path) -> None:
        steps = [f"  s{n}: {{do: play, say: greeting, next: s{n + 1}}}\n" for n in range(900)]
        text = "languages: [en]\nstart: s0\nsteps:\n" + "".join(steps) + "  s900: {do: hangup}\n"
        assert len(_load(tmp_path, text).steps) == 901


class TestHugeFiles:
    """Ten thousand steps: seconds, whatever is wrong with them, and an answer one can read."""

    HEAD = "languages: [zh-CN, en]\nstart: s0\nsteps:\n"
    MANY = 10_000

    def _findings(self, folder: Path, text: str) -> list[str]:
        began = time.process_time()
        found = _refused(folder, text)
        assert time.process_time() - began < 30
        assert all(len(line) < 1000 for line in found)
        return found

    @pytest.mark.parametrize(
        ("step", "said"),
        [
            ("{{do: manu}}", "there is no kind of step 'manu'; did you mean 'menu'?"),
            ("{{do: hangup, sya: x}}", "is not a known key; did you mean 'say'?"),
            (
                "{{do: play, say: greeting, next: x{n}}}",
                "there is no step 'x0'; known: s0, s1, s10",
            ),
            ("{{do: hangup}}", "no way leads to this step"),
        ],
    )
    def test_same_slip_everywhere_is_told_a_hundred_times(
        self, tmp_path: Path, step: str, said: str
    ) -> None:
        steps_text = "".join(f"  s{n}: {step.format(n=n)}\n" for n in range(self.MANY))
        found = self._findings(tmp_path, self.HEAD + steps_text)
        assert said in found[0]
        assert len(found) == 101
        assert found[-1] == "/main.yaml: has more than these 100 findings"

    def test_long_circle_is_told_short(self, tmp_path: Path) -> None:
        step = "  s{0}: {{do: play, say: greeting, next: s{1}}}\n"
        steps_text = "".join(step.format(n, (n + 1) % self.MANY) for n in range(self.MANY))
        (found,) = self._findings(tmp_path, self.HEAD + steps_text)
        assert "s0 -> s1 -> s2" in found
        assert found.endswith("s9999 -> s0")

    def test_menu_with_forty_thousand_keys_is_refused(self, tmp_path: Path) -> None:
        keys = "".join(f"      k{n}: bye\n" for n in range(40_000))
        menu = "  s0:\n    do: menu\n    say: greeting\n    otherwise: bye\n    keys:\n"
        found = self._findings(tmp_path, self.HEAD + menu + keys + "  bye: {do: hangup}\n")
        assert len(found) == 101

    def test_ten_thousand_good_steps_are_a_flow(self, tmp_path: Path) -> None:
        step = "  s{0}: {{do: play, say: greeting, next: s{1}}}\n"
        steps_text = "".join(step.format(n, n + 1) for n in range(self.MANY))
        last = f"  s{self.MANY}: {{do: hangup}}\n"
        began = time.process_time()
        assert len(_load(tmp_path, self.HEAD + steps_text + last).steps) == self.MANY + 1
        assert time.process_time() - began < 30


class TestFiles:
    def test_missing_flow_names_the_nearest(self, tmp_path: Path) -> None:
        (tmp_path / "main.yaml").write_text(GOOD)
        with pytest.raises(FlowRefused, match="there is no flow 'mian'; did you mean 'main'"):
            load_book(tmp_path, needed=["mian"], site=SITE, prompts=PROMPTS)

    def test_findings_of_all_flows_come_together(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            bad = _changed("queue: repairs", "queue: x")
            (tmp_path / f"{name}.yaml").write_text(bad)
        with pytest.raises(FlowRefused) as refused:
            load_book(tmp_path, site=SITE, prompts=PROMPTS)
        assert len(refused.value.findings) == 2

    @pytest.mark.parametrize("text", ["", "- a\n", "a: [", "steps: 1", "\t", "1: 2\n"])
    def test_file_that_is_no_flow_is_refused(self, tmp_path: Path, text: str) -> None:
        assert _refused(tmp_path, text)
