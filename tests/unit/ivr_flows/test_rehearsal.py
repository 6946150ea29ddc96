"""Flows tried without Asterisk; the tests beside the example sites' flows run here, too."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from config.errors import SettingsRefused
from cti.cli import app
from cti.ivr_try import NoTests, stage
from ivr_flows.actions import Clip, LookUpNow, NotFound, Spell, Words
from ivr_flows.loader import files_of_tests, load_flow
from ivr_flows.model import FlowBook
from ivr_flows.reading import CatalogueReader
from ivr_flows.rehearsal import Answers, Caller, ScriptMisread, read_script
from ivr_flows.rehearsal_file import Theatre, Verdict
from ivr_flows.site_parts import SiteParts

SITES = sorted((Path(__file__).parents[3] / "config/sites").glob("*/site.yaml"))
RUN = CliRunner()
FLOW = """\
    languages: [zh-CN, en]
    start: menu
    steps:
      menu:
        do: menu
        say: {zh-CN: 请选择, en: Choose}
        keys: {"1": digits, "2": leave, "3": out, "0": wait}
        otherwise: bye
      digits:
        do: digits
        say: {zh-CN: 户号, en: account}
        into: account
        max: 4
        next: say
        otherwise: bye
      say: {do: play, say: {zh-CN: "是{account:digits}", en: "{account:digits}"}, next: bye}
      leave: {do: message, box: main, next: bye, otherwise: bye}
      out: {do: transfer, to: police, failed: bye}
      wait: {do: queue, queue: service, offers: {1: leave}, offer_say: {zh-CN: 留言, en: message}}
      bye: {do: hangup, say: {zh-CN: 再见, en: bye}}
    """


class _AllRecorded:
    def has(self, name: str, language: str) -> bool:
        return bool(name and language)

    def names(self) -> frozenset[str]:
        return frozenset()


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    file = tmp_path / "main.yaml"
    file.write_text(dedent(FLOW), "utf-8")
    site = SiteParts(queues={"service": 5}, outside=frozenset({"police"}))
    book = FlowBook.of(load_flow(file, site=site, prompts=_AllRecorded()))
    return Theatre(book, {}, UTC, CatalogueReader({}), datetime(2026, 11, 23, tzinfo=UTC))


def verdicts(theatre: Theatre, folder: Path, text: str) -> list[Verdict]:
    file = folder / "main.test.yaml"
    file.write_text(dedent(text), "utf-8")
    return list(theatre.verdicts(file))


class TestSites:
    @pytest.mark.parametrize("site", SITES, ids=lambda file: file.parent.name)
    def test_every_test_beside_the_flows_holds(self, site: Path) -> None:
        theatre, folder = stage(None, site)
        found = [verdict for file in files_of_tests(folder) for verdict in theatre.verdicts(file)]
        assert len(found) > 10
        assert [(verdict.where, verdict.failures) for verdict in found if verdict.failures] == []


class TestVerdicts:
    def test_what_went_otherwise_is_told(self, theatre: Theatre, tmp_path: Path) -> None:
        (verdict,) = verdicts(
            theatre,
            tmp_path,
            """\
            tests:
              - name: all wrong
                keys: 1 12
                heard: [再见, 户号, 从未]
                not_heard: [请选择]
                steps: [say, digits]
                ends: queue service
                values: {account: "99"}
                messages: 1
            """,
        )
        assert verdict.where.endswith("main.test.yaml:2:5")
        assert [failure.split(":")[0] for failure in verdict.failures] == [
            "not heard at that point",
            "not heard",
            "heard and should not be",
            "did not come to the step digits; gone through",
            "ends with 'hangup', should end with 'queue service'",
            "the value account is '12', should be '99'",
            "0 messages, should be 1",
        ]

    @pytest.mark.parametrize("heard", ["12", "[12]", "['12']"])
    def test_number_is_heard_with_and_without_quotes(
        self, theatre: Theatre, tmp_path: Path, heard: str
    ) -> None:
        text = f"tests: [{{name: t, keys: 1 12, heard: {heard}}}]"
        (verdict,) = verdicts(theatre, tmp_path, text)
        assert verdict.failures == ()

    @pytest.mark.parametrize(
        ("keys", "end", "messages"),
        [
            ("", "hangup", 0),
            ("1 12", "hangup", 0),
            ("2 message 1", "hangup", 1),
            ("2", "hangup", 0),
            ("3", "outside police", 0),
            ("3 busy", "hangup", 0),
            ("0", "queue service", 0),
            ("0 1 message 1", "hangup", 1),
            ("hangup", "caller hung up", 0),
            ("9999", "hangup", 0),
        ],
    )
    def test_ends(
        self, theatre: Theatre, tmp_path: Path, keys: str, end: str, messages: int
    ) -> None:
        text = f"tests: [{{name: t, keys: {keys!r}, ends: {end!r}, messages: {messages}}}]"
        (verdict,) = verdicts(theatre, tmp_path, text)
        assert verdict.failures == ()

    def test_script_that_cannot_be_read_fails_its_test_only(
        self, theatre: Theatre, tmp_path: Path
    ) -> None:
        text = "tests: [{name: a, keys: 1x}, {name: b, keys: 1}]"
        first, second = verdicts(theatre, tmp_path, text)
        assert "'1x' is nothing that a caller can do" in first.failures[0]
        assert second.failures == ()

    @pytest.mark.parametrize(
        ("text", "finding"),
        [
            ("tests: []", "tests"),
            ("tests: [{keys: 1}]", "tests.0.name: is missing"),
            ("tests: [{name: a, hear: x}]", "did you mean 'heard'?"),
        ],
    )
    def test_file_that_is_none_is_refused_with_its_place(
        self, theatre: Theatre, tmp_path: Path, text: str, finding: str
    ) -> None:
        with pytest.raises(SettingsRefused) as refused:
            verdicts(theatre, tmp_path, text)
        assert finding in str(refused.value)


class TestScripts:
    def test_tokens(self) -> None:
        assert read_script("1 23# -  !5 message") == ["1", "2", "3", "#", "-", "!5", "message"]

    @pytest.mark.parametrize("word", ["x", "1a", "！5", "１", "!!5", "messages"])
    def test_what_is_no_script_is_refused(self, word: str) -> None:
        with pytest.raises(ScriptMisread):
            read_script(f"1 {word}")

    def test_caller_who_is_asked_for_more(self) -> None:
        asked: list[str] = []

        def more(what: str) -> str:
            asked.append(what)
            return "12#"

        caller = Caller("", more)
        caller.asked("digits")
        assert caller.digits("", 4, "#").digits == "12"
        assert asked == ["digits"]


class TestAnswers:
    LOOK = LookUpNow(
        service="s", path="/p", wanted={"a": "/list/0/a~1b", "none": "/x/y", "flag": "/flag"}
    )

    def test_values_are_taken_by_pointer(self) -> None:
        document = {"list": [{"a/b": 12}], "flag": True, "x": {"y": None}}
        found = Answers({"s": {"/p": document}}).to(self.LOOK)
        assert getattr(found, "values") == {"a": "12", "flag": "true"}  # noqa: B009

    def test_what_is_not_listed_is_not_found(self) -> None:
        assert Answers().to(self.LOOK) == NotFound()


def test_reading_shows_what_is_said() -> None:
    reader = CatalogueReader({"hi": {"zh-CN": "您好[en]Hello"}})
    said = (Clip("hi"), Clip("none"), Words("余额"), Spell("amount", "12.5"), Spell("date", "x"))
    assert reader.text(said, "zh-CN") == "您好 Hello(none)余额十二元五角x"


class TestCommands:
    def test_try_with_a_script(self) -> None:
        shown = RUN.invoke(app, ["ivr", "try", "main", "--keys", "9 0", "--at", "2026-11-24 10:00"])
        assert shown.exit_code == 0, shown.output
        assert "Welcome" not in shown.output
        assert "= queue service" in shown.output

    def test_try_in_the_terminal(self) -> None:
        shown = RUN.invoke(
            app, ["ivr", "try", "main", "--at", "2026-11-24 10:00"], input="2\n\n\n\n"
        )
        assert shown.exit_code == 0, shown.output
        assert "= queue repairs" in shown.output

    def test_what_no_caller_can_do_is_asked_again(self) -> None:
        shown = RUN.invoke(
            app, ["ivr", "try", "main", "--at", "2026-11-24 10:00"], input="2?\n2\n\n\n\n"
        )
        assert shown.exit_code == 0, shown.output
        assert "'2?' is nothing that a caller can do" in shown.output
        assert "= queue repairs" in shown.output

    def test_flow_without_tests_is_told_where_they_go(self) -> None:
        shown = RUN.invoke(app, ["ivr", "test", "bills"])
        assert isinstance(shown.exception, NoTests)
        assert "has no tests yet; write them into" in str(shown.exception)
        assert str(shown.exception).endswith("bills.test.yaml")

    @pytest.mark.parametrize("command", ["try", "test"])
    def test_unknown_flow_names_the_known_ones(self, command: str) -> None:
        shown = RUN.invoke(app, ["ivr", command, "mian"])
        assert shown.exit_code == 2
        assert "bills, main" in shown.output
