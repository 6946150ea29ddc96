"""`NAME.test.yaml` beside a flow: calls and what must come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from config.yaml_file import YamlFile, read_yaml, validate
from ivr_flows.errors import FlowError
from ivr_flows.fields import LanguageTag, Name, ValueName
from ivr_flows.hours import Hours
from ivr_flows.interpreter import Context
from ivr_flows.loader import TEST_SUFFIX
from ivr_flows.model import FlowBook
from ivr_flows.notices import Notice
from ivr_flows.rehearsal import Answers, Caller, Reader, Rehearsal, ScriptMisread, steps_in_order
from ivr_flows.world import QueueFigures, World


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Plain = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[list[Plain], BeforeValidator(_listed)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueueNow(_Part):
    waiting: Annotated[int, Field(ge=0)] = 0
    ready: Annotated[int, Field(ge=0)] = 0
    signed_on: Annotated[int, Field(ge=0)] = 1
    wait_seconds: Annotated[float, Field(ge=0)] | None = None


class NoticeNow(_Part):
    kind: Literal["emergency", "outage", "info"] = "info"
    text: dict[LanguageTag, str]
    areas: Texts = []
    then: Literal["go-on", "hang-up", "person"] = "go-on"


class CallTest(_Part):
    """One call. `heard` must be said in that order, `not_heard` never; `steps` be gone through in
    that order; `ends` be the end (`queue NAME`, `outside NAME`, `seat`, `hangup`)."""

    name: str
    language: LanguageTag | None = None
    caller: Plain = "13800001111"
    hotline: Plain = "12345"
    stage: Literal["", "after", "seat", "sent", "transferred"] = ""
    at: datetime | None = None
    queues: dict[Name, QueueNow] = {}
    notices: list[NoticeNow] = []
    answers: dict[Name, dict[str, Any]] = {}
    keys: Plain = ""
    heard: Texts = []
    not_heard: Texts = []
    steps: Texts = []
    ends: str = ""
    values: dict[ValueName, Plain] = {}
    messages: int | None = None
    callbacks: int | None = None


class TestFile(_Part):
    __test__ = False

    flow: Name | None = None
    at: datetime | None = None
    answers: dict[Name, dict[str, Any]] = {}
    tests: Annotated[list[CallTest], Field(min_length=1)]

    @classmethod
    def read(cls, file: Path) -> TestFile:
        """Raises SettingsRefused naming the line of what cannot be read."""
        content = read_yaml(file)
        return validate(cls, content.values, content)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failures` is empty when the call went as it should; `where` is the test's place."""

    where: str
    name: str
    failures: tuple[str, ...]
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Theatre:
    """What the rehearsals of a site have in common. `now` is when a test is that names no time."""

    book: FlowBook
    hours: Mapping[str, Hours]
    zone: tzinfo
    reader: Reader
    now: datetime

    def world(self, now: datetime) -> World:
        """The site at `now`, with nobody waiting."""
        return World(now=now, hours=self.hours)

    def verdicts(self, file: Path) -> Iterator[Verdict]:
        """Each test of `file`. Raises SettingsRefused naming the line of what cannot be read."""
        content = read_yaml(file)
        read = validate(
            TestFile, {str(key): value for key, value in content.values.items()}, content
        )
        flow = read.flow or file.name.removesuffix(TEST_SUFFIX)
        for place, test in enumerate(read.tests):
            yield self._verdict(flow, read, test, content, place)

    def _verdict(
        self, flow: str, file: TestFile, test: CallTest, content: YamlFile, place: int
    ) -> Verdict:
        rehearsal = self._rehearsal(flow, file, test)
        try:
            failures = tuple(_failures(rehearsal.go(Caller(test.keys)), test))
        except (ScriptMisread, FlowError) as error:
            failures = (str(error),)
        return Verdict(content.where(("tests", place)), test.name, failures, rehearsal)

    def _rehearsal(self, flow: str, file: TestFile, test: CallTest) -> Rehearsal:
        at = test.at or file.at or self.now
        world = World(
            now=at if at.tzinfo else at.replace(tzinfo=self.zone),
            queues={
                name: QueueFigures(
                    waiting=queue.waiting,
                    seats_ready=queue.ready,
                    seats_signed_on=queue.signed_on,
                    wait_s=queue.wait_seconds,
                )
                for name, queue in test.queues.items()
            },
            hours=self.hours,
            notices=tuple(
                Notice(
                    id=f"notice-{number}",
                    kind=notice.kind,
                    texts=notice.text,
                    areas=frozenset(notice.areas),
                    then=notice.then,
                )
                for number, notice in enumerate(test.notices)
            ),
        )
        spoken = self.book.flows[flow].languages[0] if flow in self.book.flows else "zh-CN"
        values = {"caller": test.caller, "hotline": test.hotline}
        return Rehearsal(
            self.book,
            flow,
            Context(test.language or spoken, test.stage, values),
            world,
            self.reader,
            Answers({**file.answers, **test.answers}),
        )


def _failures(rehearsal: Rehearsal, test: CallTest) -> Iterator[str]:
    said = [line.text for line in rehearsal.lines if line.who == "hotline"]
    everything = "\n".join(said)
    place = 0
    for text in test.heard:
        found = everything.find(text, place)
        if found < 0:
            late = " at that point" if text in everything else ""
            yield f"not heard{late}: {text}"
        else:
            place = found + len(text)
    for text in test.not_heard:
        if text in everything:
            yield f"heard and should not be: {text}"
    for step in steps_in_order(test.steps, rehearsal.steps):
        walked = " > ".join(one.step for one in rehearsal.steps)
        yield f"did not come to the step {step}; gone through: {walked}"
    if test.ends and test.ends != rehearsal.end:
        yield f"ends with {rehearsal.end!r}, should end with {test.ends!r}"
    for name, value in test.values.items():
        found_value = rehearsal.values.get(name, "")
        if found_value != value:
            yield f"the value {name} is {found_value!r}, should be {value!r}"
    for what, wanted, count in (
        ("messages", test.messages, rehearsal.messages),
        ("callbacks", test.callbacks, len(rehearsal.callbacks)),
    ):
        if wanted is not None and wanted != count:
            yield f"{count} {what}, should be {wanted}"
