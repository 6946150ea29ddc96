"""The sentences about callbacks in Chinese."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.store.speech import Sentence, Speech, plain
from cti.store.why_zh import why_zh
from cti.store.words_zh import CALLBACK_ENDS, CALLBACK_FAILURES, CALLBACK_PHASES


def _callback_booked(fact: facts.CallbackBooked, to: Speech) -> str:
    return (
        f"预约回电 {plain(fact.number)}，队列 {to.queue(fact.queue)}，"
        f"保留 {to.clock(fact.since)} 起的位置"
    )


def _callback_offered(fact: facts.CallbackOffered, to: Speech) -> str:
    rung = "振铃" if fact.first == "seat" else "预留，正在呼叫客户"
    return (
        f"回电 {plain(fact.number)}，第 {fact.attempt} 次：坐席 {to.seat(fact.seat)} {rung}："
        f"{why_zh(fact, to)}；排队 {fact.waiting} 人"
    )


def _callback_failed(fact: facts.CallbackFailed, to: Speech) -> str:
    detail = f"（{plain(fact.detail)}）" if fact.detail else ""
    return f"坐席 {to.seat(fact.seat)} 回电失败：{CALLBACK_FAILURES[fact.reason]}{detail}"


def _callback_closed(fact: facts.CallbackClosed, to: Speech) -> str:
    del to
    by = f"（{plain(fact.by)}）" if fact.by else ""
    return f"回电结束：{CALLBACK_ENDS[fact.why]}{by}"


CALLBACKS_ZH: Final[dict[type[Fact], Sentence]] = {
    facts.CallbackAsked: lambda fact, to: f"要求回电 {plain(fact.number)}",
    facts.CallbackBooked: _callback_booked,
    facts.CallbackRefused: lambda fact, to: f"不能回电：{plain(fact.why, 200)}",
    facts.CallbackOffered: _callback_offered,
    facts.CallbackDialled: lambda fact, to: f"坐席 {to.seat(fact.seat)} 已接听，正在呼叫客户",
    facts.CallbackAnswered: lambda fact, to: f"坐席 {to.seat(fact.seat)} 与回电客户可以通话",
    facts.CallbackReached: lambda fact, to: (
        f"客户已接听，等待坐席 {to.seat(fact.seat)}（通话 {plain(fact.customer)}）"
    ),
    facts.CallbackFailed: _callback_failed,
    facts.CallbackPutOff: lambda fact, to: (
        f"第 {fact.attempts} 次未接通，{to.clock(fact.until)} 后再试"
    ),
    facts.CallbackClosed: _callback_closed,
    facts.CallbackRecovered: lambda fact, to: (
        f"在 Asterisk 中重新找到回电：坐席 {to.seat(fact.seat)}，{CALLBACK_PHASES[fact.phase]}"
    ),
    facts.CallbackCancelAsked: lambda fact, to: f"{plain(fact.by)} 要求取消回电",
}
