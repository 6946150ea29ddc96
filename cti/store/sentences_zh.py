"""The sentences of the time line in Chinese."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.ids import SeatId
from cti.store.callback_sentences_zh import CALLBACKS_ZH
from cti.store.codec import UnknownFact
from cti.store.contact_sentences_zh import CONTACT_SENTENCES
from cti.store.monitor_sentences_zh import MONITOR_SENTENCES
from cti.store.speech import Sentence, Speech, plain, seconds
from cti.store.why_zh import needs_zh, why_zh
from cti.store.words_zh import (
    ENDERS,
    FAILURES,
    GIVEN_UP,
    IN_HAND,
    NOT_REACHED,
    NOTICE_CHANGES,
    OUTCOMES,
    OVERFLOWS,
    PHASES,
    STATES,
    TARGETS,
    WISHES,
)


def _arrived(fact: facts.CallArrived, to: Speech) -> str:
    del to
    name = f"（{plain(fact.caller_name)}）" if fact.caller_name else ""
    if fact.callback:
        return f"已回拨 {plain(fact.caller_number)}（{plain(fact.callback)}），客户已接听"
    return f"{plain(fact.caller_number) or '隐藏号码'}{name} 呼入 {plain(fact.hotline)}"


def _offered(fact: facts.SeatOffered, to: Speech) -> str:
    return (
        f"分配给坐席 {to.seat(fact.seat)}：{why_zh(fact, to)}；"
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
    return f"坐席 {to.seat(fact.seat)} 未接通：{FAILURES[fact.reason]}{detail}"


def _ended(fact: facts.CallEnded, to: Speech) -> str:
    del to
    return (
        f"呼叫结束，全程 {seconds(fact.total_us)} 秒：{OUTCOMES[fact.outcome]}；"
        f"{ENDERS[fact.ended_by]}（原因码 {fact.cause}）"
    )


def _recovered(fact: facts.CallRecovered, to: Speech) -> str:
    seat = f"，坐席 {to.seat(fact.seat)}" if fact.seat else ""
    flow = f"（{plain(fact.flow)}）" if fact.flow else ""
    return f"中断后在 Asterisk 中重新找到：{PHASES[fact.phase]}{flow}{seat}"


def _seat_changed(fact: facts.SeatStateChanged, to: Speech) -> str:
    reason = f"（{plain(fact.reason)}）" if fact.reason else ""
    until = f"，至 {to.clock(fact.until)}" if fact.until else ""
    return f"坐席 {to.seat(fact.seat)}：{STATES[fact.old]} → {STATES[fact.new]}{reason}{until}"


def _wished(fact: facts.SeatCommand, to: Speech) -> str:
    by = f"（操作人 {plain(fact.by)}）" if fact.by else ""
    reason = f"：{plain(fact.reason)}" if fact.reason else ""
    return f"坐席 {to.seat(fact.seat)} 请求{WISHES[fact.wish]}{reason}{by}"


def _outside(fact: facts.OutsideDialled, to: Speech) -> str:
    del to
    target, ring = plain(fact.target), seconds(fact.ring_us)
    if fact.answered:
        return f"外部号码 {target} 振铃 {ring} 秒后接听，通话 {seconds(fact.talk_us)} 秒"
    why = NOT_REACHED.get(fact.detail, "来电者挂断")
    return f"外部号码 {target} 振铃 {ring} 秒后未接通：{why}"


def _flow_wished(fact: facts.FlowWish, to: Speech) -> str:
    who = f"坐席 {to.seat(fact.seat)}" if fact.seat else plain(fact.by)
    return f"{who} 请求将来电者转入流程 {plain(fact.flow)}"


def _transfer_wished(fact: facts.TransferWish, to: Speech) -> str:
    who = f"坐席 {to.seat(fact.seat)}" if fact.seat else plain(fact.by)
    return f"{who} 请求将来电者转接至{_given_to(fact, to)}"


def _given_to(
    fact: facts.TransferWish | facts.TransferRefused | facts.CallerTransferred, to: Speech
) -> str:
    if fact.to == "seat":
        return f"坐席 {to.seat(SeatId(fact.target))}"
    what = {"queue": "队列", "outside": "外部号码", "flow": "流程"}[fact.to]
    return f"{what} {plain(fact.target)}"


def _message(fact: facts.MessageLeft, to: Speech) -> str:
    del to
    return f"在 {plain(fact.box)} 留言 {seconds(fact.duration_us)} 秒"


def _customer(fact: facts.CustomerKnown, to: Speech) -> str:
    del to
    return f"客户 {plain(fact.customer)}（{'已核实' if fact.verified else '未核实'}）"


def _stored(fact: facts.RecordingStored, to: Speech) -> str:
    del to
    return (
        f"录音已保存：{seconds(fact.duration_us)} 秒，{fact.size_bytes} 字节，"
        f"{plain(fact.file, 200)}"
    )


def _told(fact: facts.WaitTold, to: Speech) -> str:
    del to
    wait = "" if fact.wait_us is None else f"，约 {fact.wait_us / 60e6:.1f} 分钟"
    busy = "坐席全忙，" if fact.first else ""
    return f"播报：{busy}排在第 {fact.place} 位{wait}"


def _wait_ended(fact: facts.WaitEnded, to: Speech) -> str:
    del to
    return f"等待 {seconds(fact.wait_us)} 秒后离开，{IN_HAND[fact.outcome]}"


CHINESE: Final[dict[type[Fact], Sentence]] = {
    **CALLBACKS_ZH,
    **CONTACT_SENTENCES,
    **MONITOR_SENTENCES,
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
    facts.FlowWish: _flow_wished,
    facts.FlowWishRefused: lambda fact, to: (
        f"未能转入流程 {plain(fact.flow)}：{plain(fact.why, 200)}"
    ),
    facts.CallerSentToFlow: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} 将来电者转入流程 {plain(fact.flow)}，等待其返回"
    ),
    facts.TransferWish: _transfer_wished,
    facts.TransferRefused: lambda fact, to: (
        f"未能转接至{_given_to(fact, to)}：{plain(fact.why, 200)}"
    ),
    facts.CallerTransferred: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} 已将来电者转接至{_given_to(fact, to)}"
    ),
    facts.CallerCameBack: lambda fact, to: (
        f"在流程 {plain(fact.flow)} 中 {seconds(fact.away_us)} 秒后回到坐席 {to.seat(fact.seat)}"
    ),
    facts.CallerLostSeat: lambda fact, to: (
        f"从流程 {plain(fact.flow)} 返回时坐席 {to.seat(fact.seat)} 已离开，按原位置重新排队"
    ),
    facts.OutsideRung: lambda fact, to: f"转接外部号码 {plain(fact.target)}",
    facts.OutsideDialled: _outside,
    facts.SurveyScored: lambda fact, to: (
        f"满意度调查 {plain(fact.survey)} 评分 {fact.score}"
        + (f"（坐席 {to.seat(fact.seat)}）" if fact.seat else "")
    ),
    facts.MessageLeft: _message,
    facts.MessagePlayed: lambda fact, to: f"{plain(fact.by)} 收听留言 {fact.message}",
    facts.CustomerKnown: _customer,
    facts.SeatLegGone: lambda fact, to: f"坐席 {to.seat(fact.seat)} 的线路已关闭",
    facts.WaitTold: _told,
    facts.WaitKeyTaken: lambda fact, to: f"等待中按 {plain(fact.key)}，保留位置",
    facts.WaitSentOn: lambda fact, to: f"已转至{TARGETS[fact.to]} {plain(fact.target)}，保留位置",
    facts.WaitResumed: lambda fact, to: "回到原位置继续等待",
    facts.WaitEnded: _wait_ended,
    facts.NoticeSwitched: lambda fact, to: (
        f"{plain(fact.by)} {NOTICE_CHANGES[fact.change, fact.on]}公告 {plain(fact.notice)}："
        f"{plain(fact.text, 200)}"
    ),
    facts.CallAbandoned: _abandoned,
    facts.CallEnded: _ended,
    facts.CallRecovered: _recovered,
    facts.LastResortEntered: lambda fact, to: "引擎离线期间由 Asterisk 自带队列接待",
    facts.AnomalySeen: lambda fact, to: f"异常 {plain(fact.about)}：{plain(fact.detail, 200)}",
    facts.SeatStateChanged: _seat_changed,
    facts.SeatHeld: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} {'将来电者置于保持' if fact.on else '恢复通话'}"
    ),
    facts.SeatConsulted: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} {'开始' if fact.on else '结束'}咨询"
    ),
    facts.NeedsLowered: lambda fact, to: (
        f"等待 {seconds(fact.waited_us)} 秒后放宽技能要求：{needs_zh(fact.needs)}"
    ),
    facts.WantedSeatGivenUp: lambda fact, to: (
        f"不再专等坐席 {to.seat(fact.seat)}：{GIVEN_UP[fact.why]}"
    ),
    facts.LeadStandsIn: lambda fact, to: (
        f"队列 {to.queue(fact.queue)} 无主、备坐席在岗，由班长坐席 {to.seat(fact.seat)} 接替"
    ),
    facts.WaitOverflowed: lambda fact, to: (
        f"等待 {seconds(fact.waited_us)} 秒，{OVERFLOWS[fact.cause]}，"
        f"从 {to.queue(fact.queue)} 转至{TARGETS[fact.to]} {plain(fact.target)}"
    ),
    facts.RoutingChanged: lambda fact, to: (
        f"{plain(fact.by)} 修改了路由：{len(fact.queues)} 个队列，{len(fact.seats)} 个坐席"
        + (f"（{plain(fact.why, 200)}）" if fact.why else "")
    ),
    facts.PlanSwitched: lambda fact, to: (
        f"{plain(fact.by)} {'启动' if fact.on else '解除'}预案 {plain(fact.plan)}"
        + (f"：{plain(fact.why, 200)}" if fact.why else "")
    ),
    facts.QueueDoorMoved: lambda fact, to: (
        f"队列 {to.queue(fact.queue)} {'开放' if fact.open else '关闭'}"
    ),
    facts.CommandRefused: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)}：{WISHES.get(fact.wish, plain(fact.wish))}被拒绝："
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
