"""`cti ivr` as somebody who writes menus sees it: what is wrong where, the drawing, the figures."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from cti.facts import CallArrived, CallEnded, Fact, FlowStepsTaken, FlowStepTaken
from cti.ids import CallId
from cti.ivr_cli import ivr_app
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from ivr_flows.errors import FlowRefused
from ivr_flows.speech.catalogue import PROMPTS
from tests.contract.store.calls import entries_of

SITE = """\
name: {zh-CN: 示范热线, en: Example hotline}
hotlines:
  - {number: "12345", flow: main}
queues:
  service: {name: {zh-CN: 客服, en: Service}}
"""
MAIN = """\
languages: [zh-CN]
start: hello
steps:
  hello:
    do: menu
    say: {zh-CN: "缴费请按一，人工请按零。"}
    keys:
      1: pay
      0: person
    otherwise: person
  pay:
    do: flow
    flow: pay
    next: bye
  person:
    do: queue
    queue: service
  bye:
    do: hangup
    say: goodbye
"""
PAY = """\
languages: [zh-CN]
start: ask
steps:
  ask:
    do: digits
    say: {zh-CN: 请输入户号。}
    into: account
    max: 8
    next: back
    otherwise: back
  back: {do: return}
relax:
  - {rule: person-within-two-keys, why: 余额播报很短，播完挂机}
"""


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CTI_DATABASE__URL", "CTI_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "flows").mkdir()
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    write(tmp_path, "main", MAIN)
    write(tmp_path, "pay", PAY)
    monkeypatch.setenv("CTI_SITE", str(tmp_path / "site.yaml"))
    monkeypatch.setenv("CTI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CTI_PROMPTS__DIR", str(PROMPTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(site: Path, name: str, text: str) -> None:
    (site / "flows" / f"{name}.yaml").write_text(text, encoding="utf-8")


def cti_ivr(*arguments: str) -> Result:
    return CliRunner().invoke(ivr_app, list(arguments))


def findings(*arguments: str) -> list[dict[str, Any]]:
    result = cti_ivr("lint", "--json", *arguments)
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


class TestLint:
    def test_good_site_has_no_findings_and_ends_with_0(self) -> None:
        result = cti_ivr("lint", "--lang", "en")
        assert (result.exit_code, result.stdout) == (0, "nothing found (2 flows)\n")

    def test_relaxation_that_goes_makes_an_error_and_ends_with_1(self, site: Path) -> None:
        write(site, "pay", PAY.partition("relax:")[0])
        result = cti_ivr("lint", "--lang", "en")
        assert result.exit_code == 1
        assert (
            "flows/pay.yaml:4:3: error person-within-two-keys: steps.ask: "
            "no way leads from here to a person" in result.stdout
        )
        assert "source: DB3305/T 38-2018 6.2.1 d)" in result.stdout
        assert "从这里找不到人工" in cti_ivr("lint").stdout

    def test_flow_is_asked_for_by_name_or_file(self, site: Path) -> None:
        write(site, "pay", PAY.partition("relax:")[0])
        assert findings("main") == []
        (by_name,) = findings("pay")
        (by_file,) = findings("flows/pay.yaml")
        assert by_name["rule"] == by_file["rule"] == "person-within-two-keys"
        assert (by_name["line"], by_name["column"]) == (4, 3)
        assert by_name["message"]["zh-CN"] == "从这里找不到人工"

    @pytest.mark.parametrize(
        ("old", "new", "place", "said"),
        [
            (
                "do: menu",
                "do: menue",
                (5, 9),
                "there is no kind of step 'menue'; did you mean 'menu'?",
            ),
            ("say: {zh", "sya: {zh", (6, 5), "is not a known key; did you mean 'say'?"),
            ("0: person", "0: persn", (9, 10), "there is no step 'persn'; did you mean 'person'?"),
            (
                "queue: service",
                "queue: servic",
                (17, 12),
                "there is no queue 'servic'; did you mean 'service'?",
            ),
            (
                "say: goodbye",
                "say: goodby",
                (20, 10),
                "there is no prompt 'goodby'; did you mean 'goodbye'?",
            ),
            ("flow: pay", "flow: pya", (13, 11), "there is no flow 'pya'; did you mean 'pay'?"),
            (
                "start: hello",
                "start: helo",
                (2, 8),
                "there is no step 'helo'; did you mean 'hello'?",
            ),
            (
                "languages: [zh-CN]",
                "languages: [zh-CN, en]",
                (6, 10),
                "the text is not written in en",
            ),
            ("      1: pay", "      １: pay", (8, 7), "is not a telephone key; did you mean '1'?"),
        ],
    )
    def test_slip_is_told_with_its_column_and_what_was_meant(
        self, site: Path, old: str, new: str, place: tuple[int, int], said: str
    ) -> None:
        assert MAIN.count(old) == 1
        write(site, "main", MAIN.replace(old, new))
        found = [one for one in findings("main") if said in one["message"]["en"]]
        assert [(one["rule"], (one["line"], one["column"])) for one in found] == [
            ("refused", place)
        ]

    def test_rules_are_told_in_both_languages(self) -> None:
        assert "凡要求按键的地方" in cti_ivr("lint", "--rules").stdout
        assert "at most two keys away" in cti_ivr("lint", "--rules", "--lang", "en").stdout

    def test_hostile_file_names_and_texts_stay_text(self, site: Path) -> None:
        write(site, "main", MAIN.replace("queue: service", 'queue: "[red]x\\e[2J"'))
        result = cti_ivr("lint", "main")
        assert "\x1b[2J" not in result.stdout

    def test_ten_thousand_steps_are_checked_in_seconds(self, site: Path) -> None:
        step = (
            "  s{0}: {{do: menu, say: {{zh-CN: 缴费请按一，人工请按零}}, "
            "keys: {{1: s{1}, 0: person}}, otherwise: person}}\n"
        )
        steps = "".join(step.format(n, (n + 1) % 10_000) for n in range(10_000))
        head, tail = "languages: [zh-CN]\nstart: s0\nsteps:\n", "  person: {do: queue}\n"
        write(site, "main", head + steps + tail)
        began = time.process_time()
        found = findings("main")
        assert time.process_time() - began < 60
        assert {one["rule"] for one in found} == {"most-three-levels"}


def walk(call: str, at: int, *steps: str, left: bool = False) -> list[Fact]:
    split = (one.split("/") for one in steps)
    taken = tuple(FlowStepTaken(flow=flow, step=step, way=way) for flow, step, way in split)
    call_id = CallId(call)
    return [
        CallArrived(at=at, call=call_id, hotline="12345", caller_number="139", caller_name=""),
        FlowStepsTaken(at=at + 1, call=call_id, steps=taken),
        CallEnded(
            at=at + 2,
            call=call_id,
            outcome="left-menu" if left else "self-service",
            ended_by="caller",
            cause=16,
            total_us=2,
        ),
    ]


class TestDraw:
    def test_draws_with_the_figures_of_the_last_days(self, site: Path) -> None:
        now = int(time.time() * 1e6)
        old = now - 40 * 86_400_000_000
        hello = "main/hello/start"
        pay = ("main/pay/keys.1", "pay/ask/start", "pay/back/next", "main/bye/return")
        facts = [
            *walk("c-1", now - 9_000_000, hello, *pay),
            *walk("c-2", now - 8_000_000, hello, "main/person/keys.0"),
            *walk("c-3", now - 7_000_000, hello, "main/person/otherwise"),
            *walk("c-4", now - 6_000_000, hello, left=True),
            *walk("c-5", old, hello, "main/person/keys.0"),
        ]

        async def fill() -> None:
            (site / "state").mkdir()
            database = Database(database_url("", site / "state"))
            await SqlLedger(database).append(entries_of(facts))
            await database.close()

        asyncio.run(fill())
        result = cti_ivr("draw", "main")
        assert (result.exit_code, result.stdout) == (0, "main.svg\n")
        svg = (site / "main.svg").read_text("utf-8")
        ElementTree.fromstring(svg)
        for shown in ("示范热线 · main", "来电 4", "客服", "25%", "在此挂断 25%", "30 天"):
            assert shown in svg
        cti_ivr("draw", "main", "--days", "60", "--language", "en", "--out", "long.svg")
        assert "Calls 5" in (site / "long.svg").read_text("utf-8")

    def test_draws_without_a_ledger_and_makes_none(self, site: Path) -> None:
        result = cti_ivr("draw", "main", "--language", "en")
        assert result.exit_code == 0
        assert "drawn without figures of callers" in result.stderr
        assert "Without figures" in (site / "main.svg").read_text("utf-8")
        assert not (site / "state").exists()

    def test_days_0_asks_nothing(self, site: Path) -> None:
        assert cti_ivr("draw", "main", "--days", "0").stderr == ""

    def test_recorded_prompt_is_shown_with_its_words(self, site: Path) -> None:
        cti_ivr("draw", "main")
        assert "感谢您的来电，再见。" in (site / "main.svg").read_text("utf-8")

    def test_broken_flow_is_refused_with_its_place(self, site: Path) -> None:
        write(site, "main", MAIN.replace("do: menu", "do: menue"))
        result = cti_ivr("draw", "main")
        assert isinstance(result.exception, FlowRefused)
        assert "main.yaml:5:9: steps.hello.do" in str(result.exception)

    def test_unknown_language_is_refused(self) -> None:
        assert cti_ivr("draw", "main", "--language", "fr").exit_code == 2


def test_schema_is_printed() -> None:
    assert json.loads(cti_ivr("schema").stdout)["title"] == "Jietong voice flow"
