"""The rules: what each asks for, why, and where it comes from.

Sources: "service hotline standard" is DB3305/T 38-2018; "department rules" are the management rules
of a customer-service department. Where a text sets no number, the number is practice and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]
Pair = tuple[str, str]
"""The same in Chinese and English."""

MOST_KEYS_TO_A_PERSON: Final = 2
MOST_CHOICES: Final = 5
MOST_LEVELS: Final = 3
MOST_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Rule:
    """`relaxable`: a flow may say why it does not keep it."""

    id: str
    severity: Severity
    why: Pair
    source: Pair
    relaxable: bool = True


PERSON: Final = Rule(
    "person-within-two-keys",
    "error",
    (
        "凡要求按键的地方，来电者最多再按两个键就应能找到人工；不按键即可转到人工的也算。"
        "仅在非服务时间到达的步骤不要求，但不得无声挂断。",
        "Wherever a key is asked, a person is at most two keys away; a way that needs no key "
        "counts as none. Steps met outside opening hours only are exempt: nobody is there, and "
        "no-silent-end holds.",
    ),
    (
        "DB3305/T 38-2018 6.2.1 d)；客服部门管理规定 10（每层都容易找到人工）；“两个键”为惯例",
        "DB3305/T 38-2018 6.2.1 d); department rules 10 (a person is easy to find at every level); "
        "the number two is practice",
    ),
)
CHOICES: Final = Rule(
    "most-five-choices",
    "warning",
    (
        "一个菜单最多五个业务选项；重听、返回、切换语言和一个人工键不计，因为来电者不需要记住它们。",
        "A menu offers at most five choices. Repeat, back, another language and one key for a "
        "person are not counted: callers need not weigh them.",
    ),
    (
        "客服部门管理规定 10（菜单简明）；“五个”为惯例",
        "department rules 10 (clear menus); the number five is practice",
    ),
)
LEVELS: Final = Rule(
    "most-three-levels",
    "warning",
    (
        "菜单最多三层；只选语言的菜单不计。",
        "Menus are at most three deep; one that only chooses the language is not counted.",
    ),
    (
        "客服部门管理规定 10（菜单层次少）；“三层”为惯例",
        "department rules 10 (shallow menus); the number three is practice",
    ),
)
SILENT_END: Final = Rule(
    "no-silent-end",
    "error",
    (
        "挂机前要对来电者说话，否则来电者会以为断线。",
        "A call never ends without a word: callers would take it for a fault.",
    ),
    ("惯例", "practice"),
)
LOOP: Final = Rule(
    "loop-without-exit",
    "warning",
    (
        "循环里至少有一个按键能走出去，不能只靠不按键或挂断。",
        "Where menus lead round, some key leads out; silence or hanging up is no exit.",
    ),
    ("惯例", "practice"),
)
LONG_PROMPT: Final = Rule(
    "first-choice-within-20-seconds",
    "warning",
    (
        "从接通或上一次按键起，二十秒内要听到第一个选项或可以输入。",
        "The first choice is heard within 20 seconds of the last key or the start of the call.",
    ),
    (
        "客服部门管理规定 10（提示清楚）；“二十秒”为惯例",
        "department rules 10 (clear wording); the 20 seconds are practice",
    ),
)
KEY_NOT_THERE: Final = Rule(
    "announced-key-exists",
    "warning",
    (
        "提示里说的每个按键，菜单里都要有。",
        "Every key that a menu announces is one of its keys.",
    ),
    ("惯例", "practice"),
)
KEY_NOT_SAID: Final = Rule(
    "every-key-is-announced",
    "warning",
    (
        "菜单的每个按键，提示里都要说到。",
        "Every key of a menu is announced.",
    ),
    ("惯例", "practice"),
)
KEY_ORDER: Final = Rule(
    "keys-in-order",
    "warning",
    (
        "选项按一到九的顺序播报，零、星号、井号可在任意位置。",
        "Choices are announced from one to nine; zero, star and hash may stand anywhere.",
    ),
    ("惯例", "practice"),
)
RELAX_REASON: Final = Rule(
    "relaxed-with-a-reason",
    "error",
    ("放宽规则必须写明理由（why）。", "Whoever relaxes a rule says why."),
    ("惯例", "practice"),
    relaxable=False,
)
RELAX_UNUSED: Final = Rule(
    "relaxed-in-vain",
    "warning",
    (
        "放宽了并未违反或不存在的规则，应当删除。",
        "What is relaxed is a rule, and is broken where it is relaxed; else the entry goes.",
    ),
    ("惯例", "practice"),
    relaxable=False,
)
REFUSED: Final = Rule(
    "refused",
    "error",
    (
        "文件无法使用：接通来电前就会被拒绝（如不存在的步骤、走不到的步骤、缺少的语言或录音、不按键的死循环）。",
        "The file cannot be used; a hotline refuses it before a call comes: unknown names, steps "
        "that no way leads to, missing languages or recordings, circles without a key.",
    ),
    (
        "docs/flows.zh-CN.md；语言：客服部门管理规定 9",
        "docs/flows.md; languages: department rules 9",
    ),
    relaxable=False,
)

RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        PERSON, CHOICES, LEVELS, SILENT_END, LOOP, LONG_PROMPT, KEY_NOT_THERE, KEY_NOT_SAID,
        KEY_ORDER, RELAX_REASON, RELAX_UNUSED, REFUSED,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LintFinding:
    """What breaks `rule`: in `flow` at `step` (None: at a key of the flow itself), at the place
    `key` inside of it."""

    rule: Rule
    flow: str
    step: str | None
    key: tuple[str, ...]
    message: Pair


def listed(names: Iterable[str]) -> Pair:
    """`names` for a sentence."""
    some = list(names)
    return "、".join(some), ", ".join(some)
