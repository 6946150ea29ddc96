"""What `cti calls` calls its columns and outcomes."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "zh-CN": {
        "call": "呼叫", "arrived": "呼入时间", "hotline": "热线", "caller": "来电者",
        "queue": "队列", "seat": "坐席", "outcome": "结果", "wait": "等待（秒）",
        "talk": "通话（秒）", "time": "时间", "offset": "距呼入（秒）", "what": "事件",
        "zone": "时区", "none": "没有符合条件的呼叫", "recording": "录音", "open": "进行中",
        "answered": "已接听", "abandoned": "已放弃", "self-service": "自助",
        "left-menu": "菜单中挂断", "lost-sight": "失去跟踪",
        "message": "已留言", "callback": "预约回电", "turned-away": "已分流", "outside": "已转外线",
    },
    "en": {
        "call": "call", "arrived": "arrived", "hotline": "hotline", "caller": "caller",
        "queue": "queue", "seat": "seat", "outcome": "outcome", "wait": "wait (s)",
        "talk": "talk (s)", "time": "time", "offset": "since arrival (s)", "what": "what",
        "zone": "time zone", "none": "no calls match", "recording": "recording", "open": "open",
    },
}  # fmt: skip
