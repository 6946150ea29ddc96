"""The sentences of the time line in Chinese."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.store.codec import UnknownFact
from cti.store.speech import Sentence, Speech, plain, seconds

_PHASES: Final = {
    "menu": "在语音菜单中",
    "waiting": "排队等待中",
    "talking": "通话中",
    "after": "通话后",
    "ended": "已结束",
}
_OUTCOMES: Final = {
    "answered": "人工已接听",
    "abandoned": "来电者放弃等待",
    "self-service": "自助服务完成",
    "left-menu": "在菜单中挂断",
    "lost-sight": "失去跟踪，实际结束时间未知",
}
_ENDERS: Final = {
    "caller": "来电者挂断",
    "seat": "坐席挂断",
    "flow": "语音菜单结束",
    "unknown": "挂断方未知",
}
_FAILURES: Final = {
    "no-answer": "超时未接",
    "rejected": "话机拒接",
    "unreachable": "话机不可达",
    "caller-gone": "来电者已离开",
    "seat-gone": "坐席已离开",
    "failed": "失败",
}
_STATES: Final = {
    "signed-off": "签出",
    "ready": "空闲",
    "ringing": "振铃",
    "talking": "通话",
    "wrap-up": "话后整理",
    "paused": "示忙",
}
_WISHES: Final = {"sign-on": "签入", "sign-off": "签出", "ready": "示闲", "pause": "示忙"}


def _arrived(fact: facts.CallArrived, to: Speech) -> str:
    del to
    name = f"（{plain(fact.caller_name)}）" if fact.caller_name else ""
    return f"{plain(fact.caller_number) or '隐藏号码'}{name} 呼入 {plain(fact.hotline)}"


def _offered(fact: facts.SeatOffered, to: Speech) -> str:
    own = next((rank.idle_us for rank in fact.ranking if rank.seat == fact.seat), None)
    others = [rank for rank in fact.ranking if rank.seat != fact.seat]
    idle = "" if own is None else f"（{own / 1e6:.1f} 秒）"
    why = f"空闲最久{idle}" if fact.rule == "longest-idle" else f"规则 {plain(fact.rule)}{idle}"
    if others:
        why = (
            f"{len(fact.ranking)} 个空闲坐席中{why}；"
            f"其次 {plain(others[0].seat)}（{others[0].idle_us / 1e6:.1f} 秒）"
        )
    else:
        why += "，唯一的空闲坐席"
    return (
        f"分配给坐席 {to.seat(fact.seat)}：{why}；"
        f"最长振铃 {fact.ring_us / 1e6:.0f} 秒，排队 {fact.waiting} 人"
    )


def _answered(fact: facts.OfferAnswered, to: Speech) -> str:
    return (
        f"坐席 {to.seat(fact.seat)} 接听，等待 {seconds(fact.wait_us)} 秒"
        f"（提示音结束 {to.clock(fact.at - fact.wait_us)} → 接听 {to.clock(fact.at)}）"
    )


def _abandoned(fact: facts.CallAbandoned, to: Speech) -> str:
    return (
        f"来电者放弃，等待 {seconds(fact.wait_us)} 秒"
        f"（提示音结束 {to.clock(fact.at - fact.wait_us)} → 挂断 {to.clock(fact.at)}）"
    )


def _failed(fact: facts.OfferFailed, to: Speech) -> str:
    detail = f"（{plain(fact.detail)}）" if fact.detail else ""
    return f"坐席 {to.seat(fact.seat)} 未接通：{_FAILURES[fact.reason]}{detail}"


def _ended(fact: facts.CallEnded, to: Speech) -> str:
    del to
    return (
        f"呼叫结束，全程 {seconds(fact.total_us)} 秒：{_OUTCOMES[fact.outcome]}；"
        f"{_ENDERS[fact.ended_by]}（原因码 {fact.cause}）"
    )


def _recovered(fact: facts.CallRecovered, to: Speech) -> str:
    seat = f"，坐席 {to.seat(fact.seat)}" if fact.seat else ""
    return f"中断后在 Asterisk 中重新找到：{_PHASES[fact.phase]}{seat}"


def _seat_changed(fact: facts.SeatStateChanged, to: Speech) -> str:
    reason = f"（{plain(fact.reason)}）" if fact.reason else ""
    until = f"，至 {to.clock(fact.until)}" if fact.until else ""
    return f"坐席 {to.seat(fact.seat)}：{_STATES[fact.old]} → {_STATES[fact.new]}{reason}{until}"


def _wished(fact: facts.SeatCommand, to: Speech) -> str:
    by = f"（操作人 {plain(fact.by)}）" if fact.by else ""
    reason = f"：{plain(fact.reason)}" if fact.reason else ""
    return f"坐席 {to.seat(fact.seat)} 请求{_WISHES[fact.wish]}{reason}{by}"


def _stored(fact: facts.RecordingStored, to: Speech) -> str:
    del to
    return (
        f"录音已保存：{seconds(fact.duration_us)} 秒，{fact.size_bytes} 字节，"
        f"{plain(fact.file, 200)}"
    )


CHINESE: Final[dict[type[Fact], Sentence]] = {
    facts.CallArrived: _arrived,
    facts.MenuKeyTaken: lambda fact, to: (
        f"在菜单 {plain(fact.flow)}/{plain(fact.step)} 按键 {plain(fact.key)}"
    ),
    facts.FlowStepsTaken: lambda fact, to: (
        "经过菜单：" + "、".join(plain(step.step) for step in fact.steps)
    ),
    facts.PersonAsked: lambda fact, to: f"要求人工服务（队列：{to.queue(fact.queue)}）",
    facts.PromptEnded: lambda fact, to: f"提示音结束（{plain(fact.prompt)}），开始计算等待",
    facts.CallQueued: lambda fact, to: f"进入队列 {to.queue(fact.queue)}，优先级 {fact.priority}",
    facts.SeatOffered: _offered,
    facts.OfferRang: lambda fact, to: f"坐席 {to.seat(fact.seat)} 振铃",
    facts.OfferAnswered: _answered,
    facts.OfferFailed: _failed,
    facts.TalkStarted: lambda fact, to: f"来电者与坐席 {to.seat(fact.seat)} 已接通，双方可通话",
    facts.SeatLeft: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} 离开，通话 {seconds(fact.talk_us)} 秒"
    ),
    facts.SeatLegGone: lambda fact, to: f"坐席 {to.seat(fact.seat)} 的线路已关闭",
    facts.CallAbandoned: _abandoned,
    facts.CallEnded: _ended,
    facts.CallRecovered: _recovered,
    facts.LastResortEntered: lambda fact, to: "引擎离线期间由 Asterisk 自带队列接待",
    facts.AnomalySeen: lambda fact, to: f"异常 {plain(fact.about)}：{plain(fact.detail, 200)}",
    facts.SeatStateChanged: _seat_changed,
    facts.CommandRefused: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)}：{_WISHES.get(fact.wish, plain(fact.wish))}被拒绝："
        f"{plain(fact.why, 200)}"
    ),
    facts.SeatCommand: _wished,
    facts.RecordingStored: _stored,
    facts.RecordingMissed: lambda fact, to: (
        f"录音缺失：{plain(fact.file, 200)}（{plain(fact.reason, 200)}）"
    ),
    facts.EffectFailed: lambda fact, to: (
        f"{plain(fact.effect)} 执行失败（{plain(fact.subject)}）：{plain(fact.reason, 200)}"
    ),
    facts.EngineStarted: lambda fact, to: f"引擎启动（版本 {plain(fact.version)}）",
    facts.LinkLost: lambda fact, to: "与 Asterisk 的连接中断",
    UnknownFact: lambda fact, to: f"由其他版本写入：{plain(fact.kind)}",
}
