"""The sentences about contacts other than calls, in Chinese."""

from __future__ import annotations

from typing import Any, Final

from cti import facts
from cti.store.speech import Sentence, Speech, plain, seconds
from cti.store.why_zh import why_zh

CONTACT_KINDS: Final = {"text": "短信", "web": "网上咨询", "mail": "邮件", "call": "来电"}
CONTACT_REFUSALS: Final = {"open-already": "已在处理中", "too-many": "未结束的过多"}
CONTACT_FAILURES: Final = {
    "rejected": "坐席让给他人",
    "no-answer": "未及时受理",
    "seat-gone": "坐席离开",
    "withdrawn": "其间已结束",
}
CONTACT_RETURNS: Final = {"requeued": "坐席退回", "seat-gone": "坐席离开"}
CONTACT_ENDS: Final = {"closed": "已办结", "withdrawn": "已撤回", "patience": "无人及时受理"}
CONTACT_WISHES: Final[dict[str, str]] = {
    "accept": "受理",
    "reject": "让给他人",
    "close": "办结",
    "requeue": "退回",
    "withdraw": "撤回",
}


def _contact_offered(fact: Any, to: Speech) -> str:
    return (
        f"派给坐席 {to.seat(fact.seat)}：{why_zh(fact, to)}，限 {fact.offer_us / 1e6:.0f} 秒内受理"
    )


CONTACT_SENTENCES: Final[dict[type[facts.Fact], Sentence]] = {
    facts.ContactCame: lambda fact, to: (
        f"{plain(fact.sender)} 的{CONTACT_KINDS[fact.kind]}，队列 {to.queue(fact.queue)}，"
        f"由 {plain(fact.by)} 转入"
    ),
    facts.ContactQueued: lambda fact, to: (
        f"进入队列 {to.queue(fact.queue)}，最迟等到 {to.clock(fact.until)}"
    ),
    facts.ContactRefused: lambda fact, to: f"未受理：{CONTACT_REFUSALS[fact.why]}",
    facts.ContactOffered: _contact_offered,
    facts.ContactAccepted: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} 受理，等待 {seconds(fact.wait_us)} 秒"
    ),
    facts.ContactOfferFailed: lambda fact, to: (
        f"坐席 {to.seat(fact.seat)} 未受理：{CONTACT_FAILURES[fact.reason]}"
    ),
    facts.ContactReturned: lambda fact, to: (
        f"回到队列 {to.queue(fact.queue)}：{CONTACT_RETURNS[fact.why]}"
        f"（坐席 {to.seat(fact.seat)}，处理 {seconds(fact.handling_us)} 秒）"
    ),
    facts.ContactAbandoned: lambda fact, to: (
        f"等待 {seconds(fact.wait_us)} 秒后放弃：{CONTACT_ENDS[fact.why]}"
    ),
    facts.ContactClosed: lambda fact, to: (
        f"{plain(fact.by)}：{CONTACT_ENDS[fact.why]}，处理 {seconds(fact.handling_us)} 秒"
    ),
    facts.ContactWish: lambda fact, to: f"{plain(fact.by)} 请求：{CONTACT_WISHES[fact.wish]}",
    facts.ContactWithdrawn: lambda fact, to: f"{plain(fact.by)} 撤回",
    facts.ContactWishRefused: lambda fact, to: (
        f"{CONTACT_WISHES.get(fact.wish, plain(fact.wish))}被拒绝：{plain(fact.why, 200)}"
    ),
}
