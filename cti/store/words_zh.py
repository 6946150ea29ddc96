"""What the time line calls states, outcomes and reasons in Chinese."""

from __future__ import annotations

from typing import Final

NOTICE_CHANGES: Final = {
    ("switched", True): "开启",
    ("switched", False): "关闭",
    ("written", True): "修改播放中的",
    ("written", False): "编写未开启的",
    ("removed", True): "删除",
    ("removed", False): "删除",
}
PHASES: Final = {
    "menu": "在语音菜单中",
    "waiting": "排队等待中",
    "talking": "通话中",
    "in-flow": "由坐席转入语音流程中",
    "outside": "转接外部号码中",
    "after": "通话后",
    "ended": "已结束",
}
OUTCOMES: Final = {
    "answered": "人工已接听",
    "outside": "已转接外部号码",
    "message": "已留言",
    "callback": "已预约回电",
    "turned-away": "按队列规则分流，未由人工接听",
    "abandoned": "来电者放弃等待",
    "self-service": "自助服务完成",
    "left-menu": "在菜单中挂断",
    "lost-sight": "失去跟踪，实际结束时间未知",
}
ENDERS: Final = {
    "caller": "来电者挂断",
    "seat": "坐席挂断",
    "flow": "语音菜单结束",
    "outside": "外部号码挂断",
    "unknown": "挂断方未知",
}
FAILURES: Final = {
    "no-answer": "超时未接",
    "rejected": "话机拒接",
    "unreachable": "话机不可达",
    "caller-gone": "来电者已离开",
    "seat-gone": "坐席已离开",
    "no-response": "话机无响应",
    "taken": "已由其他坐席接听",
    "failed": "失败",
}
STATES: Final = {
    "signed-off": "签出",
    "ready": "空闲",
    "reserved": "预占",
    "ringing": "振铃",
    "talking": "通话",
    "hold": "保持",
    "consult": "咨询",
    "wrap-up": "话后整理",
    "paused": "示忙",
    "unreachable": "话机离线",
}
WISHES: Final = {
    "sign-on": "签入",
    "sign-off": "签出",
    "ready": "示闲",
    "pause": "示忙",
    "extend": "延长整理",
}
GIVEN_UP: Final = {
    "patience": "已等够约定时间",
    "away": "该坐席不在岗",
    "no-answer": "该坐席未接听",
}
OVERFLOWS: Final = {
    "wait": "等待过久",
    "length": "排队过长",
    "closed": "队列已关闭",
    "no-seats": "无坐席在岗",
}
TARGETS: Final = {"queue": "队列", "outside": "外部号码", "message": "留言", "flow": "流程"}
NOT_REACHED: Final = {"busy": "占线", "no-answer": "无人接听", "failed": "呼叫失败"}
IN_HAND: Final = {"message": "已留言", "callback": "已预约回电", "turned-away": "已按队列规则分流"}
CALLBACK_FAILURES: Final = FAILURES | {
    "customer-busy": "客户占线",
    "customer-no-answer": "客户未接听",
    "customer-unreachable": "无法接通客户",
    "customer-gone": "接通前客户挂断",
    "cancelled": "已取消",
    "lost-sight": "失去跟踪",
}
CALLBACK_ENDS: Final = {
    "called-back": "已回电",
    "served": "来电者挂断前已由坐席接听",
    "replaced": "重新预约",
    "given-up": "多次未接通，放弃",
    "cancelled": "已取消",
    "expired": "已过期",
}
CALLBACK_PHASES: Final = {
    "ringing": "振铃",
    "dialling": "呼叫客户中",
    "waiting": "客户等待中",
    "talking": "通话",
}
