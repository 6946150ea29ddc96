"""The sentences about listening to talks and releasing seats, in Chinese."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.store.speech import Sentence, Speech, plain, seconds

_MODES: Final = {"listen": "监听", "whisper": "密语（仅坐席听到）", "barge": "强插（双方听到）"}


def _wish(fact: facts.MonitorWish, to: Speech) -> str:
    return f"{plain(fact.by)} 请求在坐席 {to.seat(fact.at_seat)} 的话机上{_MODES[fact.mode]}"


def _ended(fact: facts.MonitorEnded, to: Speech) -> str:
    if not fact.heard_us:
        return f"{plain(fact.by)} 未摘机，未监听坐席 {to.seat(fact.seat)}"
    return f"{plain(fact.by)} 监听坐席 {to.seat(fact.seat)} 共 {seconds(fact.heard_us)} 秒"


MONITOR_SENTENCES: Final[dict[type[facts.Fact], Sentence]] = {
    facts.MonitorWish: _wish,
    facts.MonitorModeWish: lambda fact, to: f"{plain(fact.by)} 请求改为{_MODES[fact.mode]}",
    facts.MonitorStopWish: lambda fact, to: f"{plain(fact.by)} 结束监听",
    facts.MonitorNoted: lambda fact, to: "已记入日志，可以监听",
    facts.MonitorRefused: lambda fact, to: f"未能监听：{plain(fact.why, 200)}",
    facts.MonitorGranted: lambda fact, to: (
        f"准许 {plain(fact.by)} 对坐席 {to.seat(fact.seat)} {_MODES[fact.mode]}"
    ),
    facts.MonitorBegun: lambda fact, to: f"{plain(fact.by)} 开始听到坐席 {to.seat(fact.seat)}",
    facts.MonitorEnded: _ended,
    facts.ReleaseWish: lambda fact, to: f"{plain(fact.by)} 强拆坐席一端的通话",
    facts.ReleaseRefused: lambda fact, to: f"未能强拆：{plain(fact.why, 200)}",
}
