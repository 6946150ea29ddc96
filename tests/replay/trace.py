"""A recorded stretch of Asterisk's event stream, as two files that a person can read.

`NAME.ami` holds the AMI messages as Asterisk sent them, line ends as LF. Between them stand
snapshots: the answers to the daemon's three questions (Status, QueueStatus, DeviceStateList), asked
when so many events had come. Of the answers only the headers that are read are kept, and what is
the same as in the snapshot before is not repeated:

    # snapshot 1700000000000000
    # as before: members devices

    Event: Status
    ...

    # events

`NAME.yaml` holds what the daemon heard from others than Asterisk, each report with the number of
events before it, and what came of the calls. A daemon that was killed has a second run there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from cti.ami.translate import snapshot, translate
from cti.ami.wire import AmiMessage, AmiParser, parse_message
from cti.facts import Fact, Report, SnapshotTaken
from cti.store.codec import KINDS

TRACES: Final = Path(__file__).parent / "traces"
BANNER: Final = b"Asterisk Call Manager/11.0.0\r\n"
SECTIONS: Final = ("status", "members", "devices")
Answers = tuple[tuple[AmiMessage, ...], tuple[AmiMessage, ...], tuple[AmiMessage, ...]]


@dataclass(frozen=True)
class Shot:
    """A snapshot asked for at `at` (microseconds) when `after` events had come."""

    at: int
    after: int
    answers: Answers

    @cached_property
    def report(self) -> SnapshotTaken:
        return snapshot(self.at, *self.answers)


@dataclass(frozen=True)
class Own:
    """A report that did not come from Asterisk's events, made when `after` events had come."""

    after: int
    report: Report


@dataclass(frozen=True)
class Run:
    """One life of the daemon: it heard the events from `first` to before `last`."""

    first: int
    last: int
    own: tuple[Own, ...]


@dataclass(frozen=True)
class Trace:
    """`queue_changes`: what differs from the demo site in every queue."""

    name: str
    about: str
    events: tuple[bytes, ...]
    shots: tuple[Shot, ...]
    queue_changes: dict[str, Any] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    expected: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def bytes(self) -> bytes:
        """The events as they came over the wire."""
        return BANNER + b"".join(event + b"\r\n\r\n" for event in self.events)

    @cached_property
    def reports(self) -> tuple[Report | None, ...]:
        """The report in each event; None where there is nothing in it for us."""
        return tuple(reports_in(parse(self.bytes)))


def parse(*reads: bytes) -> list[AmiMessage]:
    """The messages in what was read of a connection, read after read."""
    parser = AmiParser(max_message_bytes=65536, max_line_bytes=8192)
    messages = [message for read in reads for message in parser.feed(read)]
    assert parser.failure is None
    return messages


def reports_in(messages: Iterable[AmiMessage]) -> list[Report | None]:
    return [translate(message.event, message, message.timestamp_us or 0) for message in messages]


# ------------------------------------------------------------------------------------- reading


def load(name: str) -> Trace:
    events: list[bytes] = []
    shots: list[Shot] = []
    known: dict[str, list[AmiMessage]] = {section: [] for section in SECTIONS}
    asked_at = 0
    for block in (TRACES / f"{name}.ami").read_text("utf-8").strip("\n").split("\n\n"):
        if block.startswith("# snapshot "):
            head, _, rest = block.partition("\n")
            asked_at = int(head.removeprefix("# snapshot "))
            same = rest.removeprefix("# as before:").split()
            known = {section: known[section] if section in same else [] for section in SECTIONS}
        elif block == "# events":
            status, members, devices = (tuple(known[section]) for section in SECTIONS)
            shots.append(Shot(asked_at, len(events), (status, members, devices)))
            asked_at = 0
        elif block.startswith("#"):
            continue
        elif asked_at:
            message = parse_message(block)
            known[_SECTION_OF[message.event]].append(message)
        else:
            events.append(block.replace("\n", "\r\n").encode())
    side = yaml.safe_load((TRACES / f"{name}.yaml").read_text("utf-8"))
    return Trace(
        name,
        side["about"],
        tuple(events),
        tuple(shots),
        side["queues"],
        tuple(_run(run) for run in side["runs"]),
        side["expected"],
    )


_SECTION_OF: Final = {"Status": "status", "QueueMember": "members", "DeviceStateChange": "devices"}


def _run(run: dict[str, Any]) -> Run:
    own = tuple(
        Own(entry["after"], _report(entry["report"], entry["fields"])) for entry in run["own"]
    )
    return Run(run["first"], run["last"], own)


def _report(kind: str, fields: dict[str, Any]) -> Report:
    report = msgspec.convert(fields, KINDS[kind])
    assert isinstance(report, Report)
    return report


# ------------------------------------------------------------------------------------- writing


def save(trace: Trace) -> None:
    """Write both files."""
    TRACES.mkdir(exist_ok=True)
    blocks = [f"# {trace.about}\n# How to read this file: tests/replay/trace.py"]
    shots = list(trace.shots)
    before: Sequence[tuple[AmiMessage, ...]] = ((), (), ())
    for place in range(len(trace.events) + 1):
        while shots and shots[0].after == place:
            blocks += _blocks_of(shots[0], before)
            before = shots.pop(0).answers
        if place < len(trace.events):
            blocks.append(trace.events[place].decode().replace("\r\n", "\n"))
    text = "\n\n".join(blocks) + "\n"
    (TRACES / f"{trace.name}.ami").write_text(text, "utf-8")
    side = {
        "about": trace.about,
        "queues": trace.queue_changes,
        "runs": [
            {
                "first": run.first,
                "last": run.last,
                "own": [
                    {
                        "after": own.after,
                        "report": type(own.report).__name__,
                        "fields": _fields(own.report),
                    }
                    for own in run.own
                ],
            }
            for run in trace.runs
        ],
        "expected": trace.expected,
    }
    dumped = yaml.safe_dump(side, allow_unicode=True, sort_keys=False, width=100)
    (TRACES / f"{trace.name}.yaml").write_text(dumped, "utf-8")


def _blocks_of(shot: Shot, before: Sequence[tuple[AmiMessage, ...]]) -> list[str]:
    head = f"# snapshot {shot.at}"
    same = [
        section
        for section, answer, old in zip(SECTIONS, shot.answers, before, strict=True)
        if answer == old
    ]
    if same:
        head += f"\n# as before: {' '.join(same)}"
    told = [
        message.raw.decode().replace("\r\n", "\n")
        for section, answer in zip(SECTIONS, shot.answers, strict=True)
        if section not in same
        for message in answer
    ]
    return [head, *told, "# events"]


def _fields(fact: Fact) -> Any:
    fields = msgspec.to_builtins(fact)
    return {name: value for name, value in fields.items() if value not in ("", (), [], None)}
