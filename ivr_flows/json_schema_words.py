"""What the keys of a flow file mean, in English and Chinese: an editor shows it beside them."""

from __future__ import annotations

from typing import Final

OF_FLOW: Final[dict[str, tuple[str, str]]] = {
    "languages": (
        "The languages of this flow, the main one first. Everything is said in each.",
        "本流程的语言，第一个为主语言。",
    ),
    "start": (
        "The first step.",
        "第一个步骤。",
    ),
    "steps": (
        "Name of a step to the step.",
        "步骤名称与步骤。",
    ),
    "relax": (
        "Rules of `cti ivr lint` that this flow does not keep, and why.",
        "放宽的检查规则及理由。",
    ),
}

OF_STEPS: Final[dict[str, tuple[str, str]]] = {
    "do": (
        "The kind of step.",
        "步骤类型。",
    ),
    "say": (
        "What callers hear: a recorded prompt, or the text by language.",
        "播放的内容：录音名称，或各语言的文字。",
    ),
    "next": (
        "The step that comes next.",
        "下一个步骤。",
    ),
    "otherwise": (
        "The step for everything else: no key, too many wrong ones.",
        "其他情况（没有按键、多次按错）转到的步骤。",
    ),
    "keys": (
        "Telephone key to step.",
        "按键与步骤。",
    ),
    "repeat": (
        "The key that says the menu once more.",
        "重听的按键。",
    ),
    "wrong_key": (
        "Said after a key that is none of the choices.",
        "按错键时播放。",
    ),
    "no_key": (
        "Said when no key came.",
        "没有按键时播放。",
    ),
    "attempts": (
        "How often it is asked.",
        "最多询问几次。",
    ),
    "wait_seconds": (
        "How long to wait for the first key, seconds.",
        "等待第一个按键的秒数。",
    ),
    "between_seconds": (
        "How long to wait between two digits, seconds.",
        "两个数字之间等待的秒数。",
    ),
    "barge_in": (
        "Whether a key cuts the sound short.",
        "按键是否打断播放。",
    ),
    "private": (
        "What is keyed stays out of logs and the ledger.",
        "按键内容不写入日志和台账。",
    ),
    "into": (
        "The value that keeps what was keyed, or values to places in the answer (RFC 6901).",
        "存入的变量。",
    ),
    "min": (
        "Fewest digits.",
        "最少位数。",
    ),
    "max": (
        "Most digits.",
        "最多位数。",
    ),
    "end_key": (
        "The key that ends the digits.",
        "结束键。",
    ),
    "check": (
        "Check digit: bank cards (luhn) or citizen identity numbers (id-card).",
        "校验位。",
    ),
    "confirm": (
        "Say it back and ask whether it is right.",
        "复述并请来电者确认。",
    ),
    "read_as": (
        "How the digits are said back.",
        "复述方式。",
    ),
    "to": (
        "The language to speak, `other` for the next one; or the outside number.",
        "目标语言，或外线名称。",
    ),
    "hours": (
        "Opening hours of the site.",
        "站点的服务时间。",
    ),
    "open": (
        "The step within the opening hours.",
        "服务时间内的步骤。",
    ),
    "closed": (
        "The step outside of them.",
        "服务时间外的步骤。",
    ),
    "holiday": (
        "The step on holidays; `closed` when not said.",
        "节假日的步骤，不写则同 closed。",
    ),
    "area": (
        "The value that holds the caller's area.",
        "存放来电者地区的变量。",
    ),
    "person": (
        "The step for notices that lead to a person at once.",
        "公告指定转人工时的步骤。",
    ),
    "service": (
        "A service of the site.",
        "站点的查询服务。",
    ),
    "path": (
        "The path of the look-up; {name} is a value of the call.",
        "查询路径。",
    ),
    "query": (
        "Name to value of the query.",
        "查询参数。",
    ),
    "timeout_seconds": (
        "How long to wait for the answer, seconds.",
        "等待应答的秒数。",
    ),
    "meanwhile": (
        "Said while the answer is awaited.",
        "等待应答时播放。",
    ),
    "not_found": (
        "The step when there is no such thing.",
        "查无记录时的步骤。",
    ),
    "failed": (
        "The step when it does not work: no answer, busy.",
        "没有应答或没有接通时的步骤。",
    ),
    "values": (
        "Value to what it is set to.",
        "变量与内容。",
    ),
    "box": (
        "The message box.",
        "留言信箱。",
    ),
    "queue": (
        "A queue of the site.",
        "站点的队列。",
    ),
    "priority": (
        "0 is served first; the queue's own when not said.",
        "0 最优先，不写则用队列自己的。",
    ),
    "skills": (
        "What the seat must be able to do: a name, or name:level (1 to 9) for the least level.",
        "坐席须具备的技能：技能名，或“技能名:等级”（1 至 9）表示最低等级。",
    ),
    "offers": (
        "Keys that count while waiting, and their steps.",
        "等待中可用的按键与步骤。",
    ),
    "offer_say": (
        "Said while waiting, to tell of these keys.",
        "等待中播放，说明这些按键。",
    ),
    "number": (
        "The number to call back.",
        "回拨号码。",
    ),
    "flow": (
        "The flow to run.",
        "要执行的流程。",
    ),
    "cases": (
        "The first that holds decides.",
        "第一个成立的条件决定去向。",
    ),
    "survey": (
        "The name of the survey.",
        "调查名称。",
    ),
    "lowest": (
        "The lowest score.",
        "最低分。",
    ),
    "highest": (
        "The highest score.",
        "最高分。",
    ),
    "wrong": (
        "Said when what was keyed is not right.",
        "输入不对时播放。",
    ),
    "too_short": (
        "Said when too few digits were keyed.",
        "位数不够时播放。",
    ),
    "locked": (
        "Said when the attempts are used up.",
        "次数用完时播放。",
    ),
    "max_seconds": (
        "Longest message, seconds.",
        "留言最长秒数。",
    ),
    "silence_seconds": (
        "Silence that ends the message, seconds.",
        "静音多少秒后结束录音。",
    ),
    "sent": (
        "Said when the message is sent.",
        "留言成功后播放。",
    ),
}
