"""Why this seat and this caller, in Chinese."""

from __future__ import annotations

from typing import Final

from cti.facts import CallbackOffered, Choice, SeatRank, Skill
from cti.store.speech import Speech, plain
from cti.store.why import JUST_US, Offered, Why, WhyWords, why_of

_FIRST_BY: Final = {
    "longest-idle": "空闲最久",
    "fewest-calls": "签入后接听最少",
    "least-occupied": "签入后占用率最低",
    "round-robin": "最久未被振铃",
    "fixed-order": "固定顺序最前",
    "best-skill": "技能最高",
    "ring-all": "同时振铃",
}
_ROLES: Final = {"a": "A 角", "b": "B 角", "lead": "班长"}
_STANDS_IN: Final = {
    "b": "由 B 角接替：没有合适的 A 角坐席空闲",
    "lead": "由班长接替：A、B 角均无人在岗",
}
_KEPT: Final = "呼叫该客户期间预留的坐席"
_WANTED: Final = {
    "last-seat": "来电者上次通话的坐席",
    "owner": "来电者未结事项的经办坐席",
    "transfer": "来电被转接给该坐席",
}


def needs_zh(needs: tuple[Skill, ...]) -> str:
    return "、".join(f"{plain(one.name)}≥{one.level}" for one in needs) or "无要求"


def why_zh(offer: Offered, to: Speech) -> str:
    """`3 个空闲坐席中空闲最久（41.2 秒）；来电者已等待 38.4 秒，排在最前`"""
    why = why_of(offer)
    parts = [_seat(why), *_next(why, to)]
    if why.choice is not None:
        parts += [*_exceptions(why.choice), _caller(offer, why.choice)]
    return "；".join(parts)


def _seat(why: Why) -> str:
    choice, own = why.choice, why.own
    idle = "" if own is None else f"（{own.idle_us / 1e6:.1f} 秒）"
    free = "" if own is None else f"（{_idle(own)}）"
    if choice is not None and (choice.wanted or choice.kept):
        cause = _KEPT if choice.kept else _WANTED.get(choice.wanted, plain(choice.wanted))
        return f"{cause}{free}"
    asked = _asked(choice)
    if why.fitted == 1:
        return f"唯一{asked}的空闲坐席{free}" if asked else f"唯一的空闲坐席{free}"
    seats = f"{asked}的空闲坐席" if asked else "空闲坐席"
    if why.all_ring:
        return f"{why.fitted} 个{seats}同时振铃之一，空闲久者在前{free}"
    first = _FIRST_BY.get(why.offer.rule) or f"规则 {plain(why.offer.rule)} 最前"
    key = _told_key(why, own)
    first += f"（{key}）{free}" if key else idle if why.offer.rule == "longest-idle" else free
    if why.peers == why.fitted:
        return f"{why.fitted} 个{seats}中{first}"
    role = _ROLES.get(choice.role if choice else "a", "同角色")
    if why.peers == 1:
        return f"{why.fitted} 个{seats}中唯一的{role}{free}"
    return f"{why.peers} 个{role}{seats}中{first}（连同其他角色共 {why.fitted} 个）"


def _idle(rank: SeatRank) -> str:
    return "刚空闲" if 0 <= rank.idle_us < JUST_US else f"空闲 {rank.idle_us / 1e6:.1f} 秒"


def _asked(choice: Choice | None) -> str:
    if choice is None or choice.unskilled:
        return ""
    asked = needs_zh(choice.needs) if choice.needs else ""
    speaks = f"会 {plain(choice.language)}" if choice.language else ""
    return f" {'、'.join(part for part in (asked, speaks) if part)} " if asked or speaks else ""


def _next(why: Why, to: Speech) -> list[str]:
    if why.next is None or why.all_ring:
        return []
    key = _told_key(why, why.next) or f"{why.next.idle_us / 1e6:.1f} 秒"
    return [f"其次 {to.seat(why.next.seat)}（{key}）"]


def _exceptions(choice: Choice) -> list[str]:
    found = []
    if choice.role in _STANDS_IN and not choice.wanted:
        found.append(_STANDS_IN[choice.role])
    if choice.unskilled:
        lacks = [needs_zh(choice.needs)] if choice.needs else []
        lacks += [f"会 {plain(choice.language)}"] if choice.language else []
        found.append(f"已签入的坐席均不具备 {'、'.join(lacks) or '所需技能'}，本队列坐席均可接听")
    if choice.widened:
        asked = "" if choice.needs else "至无要求"
        found.append(f"因等待过久已放宽要求 {choice.widened} 次{asked}")
    return found


def _caller(offer: Offered, choice: Choice) -> str:
    who = "客户" if isinstance(offer, CallbackOffered) or choice.kept else "来电者"
    if choice.rule == "only" and not choice.ahead and choice.waited_us < JUST_US:
        return f"{who}无需等待"
    waited = f"{who}已等待 {choice.waited_us / 1e6:.1f} 秒"
    if choice.kept:
        return f"{waited}（自排队起）"
    return f"{waited}，{_stood(choice)}{_head_start(choice)}"


def _stood(choice: Choice) -> str:
    ahead = f"（{_ahead(choice)}）" if choice.ahead else ""
    if choice.rule == "only":
        return f"是该坐席此刻唯一能接的来电者{ahead}"
    if choice.rule == "due" and choice.lines > 1:
        return f"在 {choice.lines} 类来电者中最先到达队列目标时间{ahead}"
    if choice.rule == "queue-ratio" and choice.lines > 1:
        return f"在 {choice.lines} 类来电者中排在超出份额最多的队列最前{ahead}"
    return f"在该坐席能接的来电者中排在最前{ahead}" if choice.ahead else "排在最前"


def _ahead(choice: Choice) -> str:
    if choice.rule == "due":
        return f"本队中前面还有 {choice.ahead} 人"
    return f"前面 {choice.ahead} 人需要其他坐席"


def _head_start(choice: Choice) -> str:
    us = choice.head_start_us
    if not us:
        return ""
    cause = [f"优先级 {choice.priority}"] if choice.priority != 5 else []
    if choice.customer_class:
        cause.append(f"客户级别 {plain(choice.customer_class)}")
    minutes = f"{'提前' if us > 0 else '推后'} {abs(us) / 60e6:.3g} 分钟"
    return f"（{'、'.join(cause) or '照顾'}：相当于{minutes}到达）"


def _told_key(why: Why, rank: SeatRank | None) -> str:
    return _key(why.offer.rule, rank) if rank is not None and why.keys_told else ""


def _key(rule: str, rank: SeatRank) -> str:
    match rule:
        case "fewest-calls":
            return f"{rank.key} 通"
        case "least-occupied":
            return f"占用 {rank.key / 1e4:.1f} %"
        case "round-robin":
            return "尚未振铃" if rank.key < 0 else f"{rank.key / 1e6:.1f} 秒前振铃"
        case "best-skill":
            return f"等级合计 {rank.level}"
        case _:
            return ""


def _rule(rule: str) -> str:
    return {
        "only": "该坐席能接的只有这一位",
        "place": "该坐席各队列中排在最前者",
        "due": "最先到达队列目标时间者",
        "queue-ratio": "超出份额最多的队列中的第一位",
    }.get(rule, plain(rule))


CHINESE_WHY: Final = WhyWords(
    sentence=why_zh,
    rule=_rule,
    role=lambda role: {"a": "A 角", "b": "B 角", "lead": "班长"}.get(role, plain(role)),
    key=_key,
    strategy=lambda rule: _FIRST_BY.get(rule, plain(rule)),
    heads={
        "choice": "选来电者", "order": "坐席顺序", "needs": "对坐席的要求",
        "ahead": "前面等其他坐席的", "waiting": "排队人数", "waited": "已等待（秒）",
        "place": "名次", "seat": "坐席", "idle": "空闲（秒）", "role": "角色",
        "level": "等级", "key": "排序依据", "none": "这通电话没有分配过坐席",
        "fitted": "合适的空闲坐席", "more": "另有 {} 个",
    },
)  # fmt: skip
