"""The sentences about listening to talks and releasing seats, in English."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.store.speech import Sentence, Speech, plain, seconds

_MODES: Final = {"listen": "listens", "whisper": "whispers to the seat", "barge": "talks to both"}


def _wish(fact: facts.MonitorWish, to: Speech) -> str:
    return (
        f"{plain(fact.by)} asks to monitor the talk ({fact.mode}) at seat {to.seat(fact.at_seat)}"
    )


def _ended(fact: facts.MonitorEnded, to: Speech) -> str:
    if not fact.heard_us:
        return f"{plain(fact.by)} did not pick up to monitor seat {to.seat(fact.seat)}"
    return f"{plain(fact.by)} monitored seat {to.seat(fact.seat)} for {seconds(fact.heard_us)} s"


MONITOR_SENTENCES: Final[dict[type[facts.Fact], Sentence]] = {
    facts.MonitorWish: _wish,
    facts.MonitorModeWish: lambda fact, to: f"{plain(fact.by)} asks for {fact.mode}",
    facts.MonitorStopWish: lambda fact, to: f"{plain(fact.by)} ends the monitoring",
    facts.MonitorNoted: lambda fact, to: "written down: the monitoring may go on",
    facts.MonitorRefused: lambda fact, to: f"not monitored: {plain(fact.why, 200)}",
    facts.MonitorGranted: lambda fact, to: (
        f"{plain(fact.by)} may monitor seat {to.seat(fact.seat)}: {_MODES[fact.mode]}"
    ),
    facts.MonitorBegun: lambda fact, to: f"{plain(fact.by)} hears seat {to.seat(fact.seat)}",
    facts.MonitorEnded: _ended,
    facts.ReleaseWish: lambda fact, to: f"{plain(fact.by)} ends the seat's part of the talk",
    facts.ReleaseRefused: lambda fact, to: f"not released: {plain(fact.why, 200)}",
}
