"""What the drawing calls things, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from ivr_flows import steps
from ivr_flows.conditions import UNKNOWN_CALLER, Condition
from ivr_flows.model import Step, Way

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")

Pair = tuple[str, str]
"""The same in Chinese and English."""

KINDS: Final[dict[type[Step], tuple[str, Pair]]] = {
    steps.Play: ("play", ("播放", "Announce")),
    steps.Menu: ("menu", ("菜单", "Menu")),
    steps.Digits: ("digits", ("输入数字", "Ask for digits")),
    steps.SwitchLanguage: ("language", ("切换语言", "Language")),
    steps.CheckHours: ("hours", ("服务时间", "Opening hours")),
    steps.PlayNotices: ("notices", ("通知公告", "Notices")),
    steps.LookUp: ("lookup", ("系统查询", "Look-up")),
    steps.Identify: ("identify", ("身份验证", "Identity check")),
    steps.SetValues: ("set", ("设置", "Set values")),
    steps.Message: ("message", ("留言", "Voice message")),
    steps.Callback: ("callback", ("预约回电", "Callback")),
    steps.Transfer: ("transfer", ("转接外线", "Outside number")),
    steps.Score: ("score", ("满意度评分", "Survey")),
    steps.SubFlow: ("flow", ("子流程", "Other flow")),
    steps.Return: ("return", ("返回", "Back")),
    steps.If: ("if", ("条件判断", "Condition")),
    steps.Queue: ("queue", ("人工服务", "A person")),
    steps.Hangup: ("hangup", ("挂机", "End of call")),
}
"""Kind of step: its name in YAML, and what people call it."""

OTHER_KIND: Final = ("other", ("步骤", "Step"))

_WAYS: Final[dict[type[Step], dict[str, Pair]]] = {
    steps.Menu: {"otherwise": ("一直没有选择", "no choice made")},
    steps.Digits: {
        "next": ("已输入", "keyed in"),
        "otherwise": ("没有输入", "nothing valid keyed"),
    },
    steps.CheckHours: {
        "open": ("服务时间内", "open"),
        "closed": ("非服务时间", "closed"),
        "holiday": ("节假日", "holiday"),
    },
    steps.PlayNotices: {
        "next": ("继续", "go on"),
        "person": ("公告指定转人工", "notice asks for a person"),
    },
    steps.LookUp: {
        "next": ("查到", "found"),
        "not_found": ("查无记录", "not found"),
        "failed": ("系统无应答", "no answer from the system"),
    },
    steps.Identify: {
        "next": ("验证通过", "identified"),
        "otherwise": ("未通过", "not identified"),
        "failed": ("系统无应答", "no answer from the system"),
    },
    steps.Message: {
        "next": ("已留言", "message left"),
        "otherwise": ("取消或没有说话", "cancelled or silent"),
    },
    steps.Callback: {
        "next": ("已预约", "booked"),
        "otherwise": ("号码无法回拨", "number cannot be called"),
    },
    steps.Transfer: {"failed": ("没有接通", "not reached")},
    steps.Score: {"next": ("已评分", "scored"), "otherwise": ("没有评分", "no score")},
    steps.If: {"otherwise": ("其他情况", "otherwise")},
}

CALLS: Final[Pair] = ("来电", "Calls")
HUNG_UP: Final[Pair] = ("在此挂断", "hung up here")
WAITING: Final[Pair] = ("等待中", "while waiting")
DAYS: Final[Pair] = ("周{}", "{}")
_DAY_NAMES: Final[Pair] = ("一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")


def pick(pair: Pair, language: Language) -> str:
    return pair[LANGUAGES.index(language)]


def kind_of(step: Step) -> tuple[str, Pair]:
    return KINDS.get(type(step), OTHER_KIND)


def key_of(way: Way) -> str | None:
    """The telephone key that leads this way, if one does."""
    return way.key[1] if len(way.key) == 2 and way.key[0] in ("keys", "offers") else None


def way_in_words(step: Step, way: Way, language: Language) -> str:
    """Why callers go this way; empty when there is nothing to say."""
    if way.key[0] == "offers":
        return pick(WAITING, language)
    if key_of(way) is not None:
        return ""
    if isinstance(step, steps.If) and way.key[0] == "cases":
        return condition_in_words(step.cases[int(way.key[1])].condition, language)
    known = _WAYS.get(type(step), {}).get(way.label)
    if known is not None:
        return pick(known, language)
    return "" if way.label == "next" else way.label


def condition_in_words(condition: Condition, language: Language) -> str:
    """`排队多于 5 人` / `more than 5 waiting`; parts that must all hold stand side by side."""

    def say(chinese: str, english: str) -> str:
        return pick((chinese, english), language)

    parts: list[str] = []

    def add(present: object, text: Callable[[], str]) -> None:
        if present:
            parts.append(text())

    add(
        condition.language,
        lambda: say(f"语言 {condition.language}", f"speaks {condition.language}"),
    )
    add(condition.caller, lambda: say("来电 ", "caller ") + _callers(condition, language))
    add(condition.weekdays, lambda: _weekdays(condition.weekdays, language))
    if condition.between is not None:
        parts.append("–".join(f"{moment:%H:%M}" for moment in condition.between))
    add(condition.hours, lambda: say(f"{condition.hours} 服务时间内", f"{condition.hours} open"))
    about = f"{condition.queue} " if condition.queue else ""
    if condition.waiting_over is not None:
        parts.append(
            say(
                f"{about}排队多于 {condition.waiting_over} 人",
                f"{about}over {condition.waiting_over} waiting",
            )
        )
    if condition.wait_over_s is not None:
        seconds = f"{condition.wait_over_s:g}"
        parts.append(say(f"{about}预计等待超过 {seconds} 秒", f"{about}wait over {seconds} s"))
    if condition.staffed is not None:
        parts.append(
            say(f"{about}有坐席值班", f"{about}staffed")
            if condition.staffed
            else say(f"{about}无坐席值班", f"{about}not staffed")
        )
    name = condition.value or ""
    if condition.known is not None:
        parts.append(
            say(f"已知 {name}", f"{name} known")
            if condition.known
            else say(f"未知 {name}", f"{name} unknown")
        )
    add(condition.is_in, lambda: f"{name} = {' / '.join(condition.is_in)}")
    if condition.over is not None:
        parts.append(f"{name} > {condition.over}")
    if condition.under is not None:
        parts.append(f"{name} < {condition.under}")
    return say("，", ", ").join(parts)


def _callers(condition: Condition, language: Language) -> str:
    unknown = pick(("未知号码", "unknown"), language)
    return " / ".join(unknown if one == UNKNOWN_CALLER else one for one in condition.caller)


def _weekdays(days: frozenset[int], language: Language) -> str:
    chinese, english = _DAY_NAMES
    names = list(chinese) if language == "zh-CN" else english.split()
    ordered = sorted(days)
    whole = len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1
    shown = [names[ordered[0]], names[ordered[-1]]] if whole else [names[day] for day in ordered]
    if language == "zh-CN":
        return "周" + ("至周" if whole else "、周").join(shown)
    return ("–" if whole else ", ").join(shown)
