"""What `cti simulate` and `cti staff` say, in both languages."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "zh-CN": {
        "figure": "指标", "recorded": "当日实际", "base": "仿真：现状", "changed": "仿真：改变后",
        "difference": "差异", "offered": "请求人工", "answered": "接听", "abandoned": "放弃",
        "elsewhere": "留言、预约回电或溢出", "unserved": "结束时仍在等待",
        "answer_rate": "接通率", "service_level": "{within:g} 秒内接听占比",
        "asa": "平均等待（接听者，秒）", "mean_wait": "平均等待（全部，秒）",
        "longest": "最长等待（秒）", "occupancy": "坐席占用率", "seats": "坐席数",
        "seat_hours": "坐席小时", "queue": "队列", "by_queue": "各队列",
        "site": "站点", "day": "日期", "change": "改变", "invented": "虚拟的一天",
        "clock": "等待时间自提示语播放结束起算（DB51/T 2963-2022，A.5）。占比以请求人工者为分母。",
        "drawn_day": (
            "台账中无法得知的数据按当日自身的分布抽取（随机种子 {seed}）：{talks} 位未接听者的通话"
            "和整理时长取自同队列的通话；{patiences} 位未放弃者的耐心时长按 Kaplan-Meier 估计"
            "（接听视为删失）抽取{patience}。"
        ),
        "patience": "，平均耐心约 {patience:.0f} 秒",
        "nobody_left": "，当日无人放弃，视为一直等待",
        "drawn_invented": (
            "这一天是虚拟的（随机种子 {seed}）：典型的日来电曲线，对数正态的通话时长，"
            "平均耐心 {patience:.0f} 秒；坐席按站点的坐席类型配足，每半小时满足 80/20。"
        ),
        "drawn_csv": "未写耐心时长的来电者视为一直等待；坐席全天在岗。",
        "no_change": "坐席数取整后没有变化。",
        "strangers": "站点文件中没有的坐席未计入：{seats}。",
        "reading": "读取台账", "running": "仿真：现状", "running_changed": "仿真：改变后",
        "waiting": "等待人数", "at_work": "坐席（5 分钟平均）", "there": "在岗", "busy": "忙碌",
        "time_of_day": "时刻", "chart": "图表",
        "needed": "所需坐席", "rostered": "排班人数（含 {shrinkage:.0%} 损耗）",
        "load": "话务量（Erlang）", "formula": "公式", "wait_share": "需等待占比",
        "abandon_share": "放弃率", "interval": "每小时 {calls:g} 通，平均处理 {handling:g} 秒",
        "target": "目标：{level:.0%} 在 {within:g} 秒内接听，占用率不超过 {occupancy:.0%}",
        "model_c": "Erlang C（无人放弃）", "model_a": "Erlang A（平均耐心 {patience:g} 秒）",
        "simulated": "仿真", "check": "仿真 {runs} 次，均值 ± 95% 置信区间",
        "half_hour": "时段", "calls": "来电", "handling": "平均处理（秒）",
        "seats_c": "Erlang C", "seats_a": "Erlang A", "had": "实际在岗",
        "level_then": "当时 {within:g} 秒内",
        "day_note": "耐心时长由当日估计：{patience}。队列合并计算，视为每个坐席都能接每个队列。",
        "patience_known": "平均 {patience:.0f} 秒",
        "patience_unknown": "当日无人放弃，仅用 Erlang C",
        "endless": "无限增长", "working": "计算中",
    },
    "en": {
        "figure": "figure", "recorded": "as it was", "base": "simulated: as is",
        "changed": "simulated: changed", "difference": "difference",
        "offered": "asked for a person", "answered": "answered", "abandoned": "abandoned",
        "elsewhere": "left a message, a callback or by overflow",
        "unserved": "still waiting at the end", "answer_rate": "answer rate",
        "service_level": "answered within {within:g} s",
        "asa": "mean wait of the answered (s)", "mean_wait": "mean wait of all (s)",
        "longest": "longest wait (s)", "occupancy": "occupancy", "seats": "seats",
        "seat_hours": "seat hours", "queue": "queue", "by_queue": "by queue",
        "site": "site", "day": "day", "change": "change", "invented": "an invented day",
        "clock": (
            "Waits run from the end of the prompt (DB51/T 2963-2022, A.5). Shares are of those who"
            " asked for a person."
        ),
        "drawn_day": (
            "What a ledger cannot know was drawn from the day itself (seed {seed}): talk and"
            " wrap-up of {talks} callers who were not served, from the talks of their queue; the"
            " patience of {patiences} callers who did not give up, from its Kaplan-Meier estimate"
            " (an answer censors it){patience}."
        ),
        "patience": ", mean about {patience:.0f} s",
        "nobody_left": ", and as nobody gave up that day they wait for ever",
        "drawn_invented": (
            "The day is invented (seed {seed}): a typical profile of the day, log-normal talks,"
            " mean patience {patience:.0f} s; seats of the site's kinds, enough for 80/20 in each"
            " half hour."
        ),
        "drawn_csv": "Callers without a patience wait for ever; the seats are there all day.",
        "no_change": "Rounded to whole seats, nothing changes.",
        "strangers": "Left out, since the site file does not have them: seats {seats}.",
        "reading": "reading the ledger", "running": "simulating: as is",
        "running_changed": "simulating: changed",
        "waiting": "callers waiting", "at_work": "seats (means of 5 minutes)", "there": "there",
        "busy": "busy", "time_of_day": "time of day", "chart": "chart",
        "needed": "seats needed", "rostered": "people to roster ({shrinkage:.0%} shrinkage)",
        "load": "load (erlang)", "formula": "formula", "wait_share": "must wait",
        "abandon_share": "abandoned", "interval": "{calls:g} calls an hour of {handling:g} s",
        "target": (
            "target: {level:.0%} answered within {within:g} s, occupancy at most {occupancy:.0%}"
        ),
        "model_c": "Erlang C (nobody gives up)",
        "model_a": "Erlang A (mean patience {patience:g} s)",
        "simulated": "simulated", "check": "{runs} simulated runs, mean ± 95 % interval",
        "half_hour": "half hour", "calls": "calls", "handling": "handling (s)",
        "seats_c": "Erlang C", "seats_a": "Erlang A", "had": "were there",
        "level_then": "within {within:g} s then",
        "day_note": (
            "Patience as the day shows it: {patience}. Queues are taken together, as if every seat"
            " served all of them."
        ),
        "patience_known": "{patience:.0f} s on average",
        "patience_unknown": "nobody gave up that day, so Erlang C only",
        "endless": "grows for ever", "working": "working",
    },
}  # fmt: skip
