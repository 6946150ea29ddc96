"""Rules on what is said: how long it takes to the first choice, and which keys it announces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from ivr_flows import steps
from ivr_flows.lint_rules.catalogue import (
    KEY_NOT_SAID,
    KEY_NOT_THERE,
    KEY_ORDER,
    LONG_PROMPT,
    MOST_SECONDS,
    LintFinding,
    listed,
)
from ivr_flows.lint_rules.site_flows import SiteFlows
from ivr_flows.model import Flow, Step
from ivr_flows.says import Recorded, Say, Text, Words

CHINESE_PER_SECOND: Final = 3.8
OTHER_PER_SECOND: Final = 16.9
"""Characters a second, measured on the prompts that come with the system: 31 in Mandarin (letters
and digits only), 27 in English."""
VALUE_SECONDS: Final = 3.0
"""A value of the call: an amount, a date, eight digits."""

_CHINESE: Final = (
    # 按一下、按一定: no key.
    r"一(?![下定般次律直些共样樣个個切旦])|[零〇二三四五六七八九]|[0-9０-９](?![0-9０-９])|"
    r"星号|星號|米字|井号|井號|[*#]"
)
_ENGLISH: Final = (
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|star|asterisk|hash|pound)(?![A-Za-z])|"
    r"[0-9](?![0-9A-Za-z])|[*#]"
)
_ANNOUNCED: Final = tuple(
    re.compile(f"{press}(?P<keys>(?:{key})(?:(?:{between})(?:{key}))*)", re.IGNORECASE)
    for press, key, between in (
        (
            r"(?:按|键入|鍵入)(?:一下)?(?:数字键|数字|按键)?\s*",
            _CHINESE,
            r"\s*(?:键|鍵)?\s*[、或至到—–-]\s*",
        ),
        (r"\bpress(?:ing)?\s+(?:the\s+)?", _ENGLISH, r",?\s+(?:or|to|through)\s+|,\s*|\s*[–-]\s*"),
    )
)
_ONE_KEY: Final = re.compile(
    f"(?P<span>至|到|—|–|-|to|through)|(?P<key>{_CHINESE}|{_ENGLISH})", re.I
)
_KEYS: Final = {
    **{word: str(number) for number, word in enumerate("零一二三四五六七八九")},
    "〇": "0", "星号": "*", "星號": "*", "米字": "*", "井号": "#", "井號": "#",
    **{
        word: str(number)
        for number, word in enumerate(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        )
    },
    "star": "*", "asterisk": "*", "hash": "#", "pound": "#",
}  # fmt: skip


class Recordings(Protocol):
    """What is known of recorded prompts."""

    def seconds(self, prompt: str, language: str) -> float | None:
        """How long the recording takes; None when that is not known."""

    def text(self, prompt: str, language: str) -> str | None:
        """What it says; None when that is not known."""


@dataclass(frozen=True, slots=True)
class NoRecordings:
    """Nothing is known of any recording."""

    def seconds(self, prompt: str, language: str) -> float | None:
        return None

    def text(self, prompt: str, language: str) -> str | None:
        return None


def spoken_seconds(text: str, language: str) -> float:
    """How long `text` takes to be said, estimated."""
    if language.split("-", maxsplit=1)[0].lower() in {"zh", "yue"}:
        return sum(map(str.isalnum, text)) / CHINESE_PER_SECOND
    return len(text) / OTHER_PER_SECOND


def announced(text: str) -> list[tuple[int, str]]:
    """The keys that `text` announces, in order: where in the text, and the key. "一至五" and "one,
    two or three" are several."""
    found: list[tuple[int, str]] = []
    for pattern in _ANNOUNCED:
        for match in pattern.finditer(text):
            span = False
            for one in _ONE_KEY.finditer(match.group("keys")):
                if one.group("span"):
                    span = True
                    continue
                key = _key(one.group("key"))
                last = found[-1][1] if found else ""
                if span and key.isdigit() and last.isdigit():
                    between = range(int(last) + 1, int(key))
                    found += [(match.start(), str(number)) for number in between]
                found.append((match.start(), key))
                span = False
    # Stable: the keys of one place stay in their order.
    return sorted(found, key=lambda one: one[0])


def _key(word: str) -> str:
    return _KEYS.get(word.lower()) or (str(int(word)) if word.isdigit() else word)


@dataclass(frozen=True, slots=True)
class _Sound:
    """`first_choice`: seconds until the first key is announced; None when none is."""

    seconds: float
    first_choice: float | None
    keys: tuple[str, ...]
    known: bool
    """Whether the words of all of it are known."""


def _listen(say: Say, flow: Flow, language: str, recordings: Recordings) -> _Sound:
    seconds, first, known = 0.0, None, True
    keys: list[str] = []
    for part in say:
        text, takes = _part(part, flow, language, recordings)
        known = known and text is not None
        for at, key in announced(text or ""):
            if first is None:
                first = seconds + takes * at / max(len(text or ""), 1)
            keys.append(key)
        seconds += takes
    return _Sound(seconds, first, tuple(keys), known)


def _part(
    part: Recorded | Text, flow: Flow, language: str, recordings: Recordings
) -> tuple[str | None, float]:
    """What a part says and how long it takes; a recording of which nothing is known takes none."""
    if isinstance(part, Recorded):
        text = recordings.text(part.prompt, language)
        takes = recordings.seconds(part.prompt, language)
        if takes is None:
            takes = spoken_seconds(text, language) if text else 0.0
        return text, takes
    texts = part.parts
    words = texts.get(language) or texts.get(flow.languages[0]) or ()
    text = "".join(word.text if isinstance(word, Words) else " " for word in words)
    values = sum(not isinstance(word, Words) for word in words)
    return text, spoken_seconds(text, language) + values * VALUE_SECONDS


def long_prompts(site: SiteFlows, recordings: Recordings) -> Iterator[LintFinding]:
    """Within each flow; a call of another flow counts as if a key had been pressed in it."""
    asking = (steps.Menu, steps.Digits, steps.Identify, steps.Score)
    for flow in site.flows.values():
        worst: dict[str, tuple[float, str]] = {}
        for language in flow.languages:
            for step_id, before in _heard_before(flow, language, recordings).items():
                step = flow.steps[step_id]
                if not isinstance(step, asking):
                    continue
                own = _listen(step.say, flow, language, recordings)
                choice = own.first_choice
                if choice is None:
                    # A menu of which no words are known is taken to begin with a choice.
                    choice = own.seconds if own.known or not isinstance(step, steps.Menu) else 0.0
                worst[step_id] = max(worst.get(step_id, (0.0, "")), (before + choice, language))
        for step_id, (seconds, language) in worst.items():
            if seconds > MOST_SECONDS:
                message = (
                    f"约 {seconds:.0f} 秒后才听到第一个选项（{language}），"
                    f"最多 {MOST_SECONDS:.0f} 秒",
                    f"the first choice is heard after about {seconds:.0f} s ({language}); "
                    f"at most {MOST_SECONDS:.0f} s",
                )
                yield LintFinding(LONG_PROMPT, flow.id, step_id, ("say",), message)


def _heard_before(flow: Flow, language: str, recordings: Recordings) -> dict[str, float]:
    """Seconds of sound between the last key and each step, by the longest way. The ways that need
    no key have no circles (the loader refuses them), so each step is done once all before it are;
    what waits for ever in a flow made past the loader is left out."""
    waiting = dict.fromkeys(flow.steps, 0)
    for step in flow.steps.values():
        for target in _without_key(flow, step):
            waiting[target] += 1
    heard = dict.fromkeys(flow.steps, 0.0)
    done = [step_id for step_id, left in waiting.items() if not left]
    for step_id in done:
        step = flow.steps[step_id]
        # Whoever comes from a question by silence has just heard it all: that counts anew.
        adds = _said_by(step, flow, language, recordings)
        for target in _without_key(flow, step):
            if adds is not None:
                heard[target] = max(heard[target], heard[step_id] + adds)
            waiting[target] -= 1
            if not waiting[target]:
                done.append(target)
    return {step_id: heard[step_id] for step_id in done}


def _without_key(flow: Flow, step: Step) -> Iterator[str]:
    return (way.target for way in step.ways() if not way.asked and way.target in flow.steps)


def _said_by(step: Step, flow: Flow, language: str, recordings: Recordings) -> float | None:
    if isinstance(step, steps.Play):
        return _listen(step.say, flow, language, recordings).seconds
    asking = (steps.Menu, steps.Digits, steps.Identify, steps.Score, steps.Message, steps.SubFlow)
    return None if isinstance(step, asking) else 0.0


def keys_said(site: SiteFlows, recordings: Recordings) -> Iterator[LintFinding]:
    for flow in site.flows.values():
        for step in flow.steps.values():
            if isinstance(step, steps.Menu):
                for language in flow.languages:
                    own = _listen(step.say, flow, language, recordings)
                    # Without a single key in the words they were not understood, or are not known.
                    if own.keys:
                        yield from _compared(flow, step, language, own)


def _compared(flow: Flow, step: steps.Menu, language: str, own: _Sound) -> Iterator[LintFinding]:
    keys = {*step.choices, *([step.repeat_key] if step.repeat_key else [])}
    said = dict.fromkeys(own.keys)
    for key in said:
        if key not in keys:
            message = (
                f"提示（{language}）说按 {key}，菜单里没有这个键",
                f"the words ({language}) announce {key}, which is no key of this menu",
            )
            yield LintFinding(KEY_NOT_THERE, flow.id, step.id, ("say",), message)
    silent = [key for key in sorted(keys) if key not in said]
    if silent and own.known:
        chinese, english = listed(silent)
        message = (
            f"提示（{language}）没有说到按键 {chinese}",
            f"the words ({language}) do not announce {english}",
        )
        yield LintFinding(KEY_NOT_SAID, flow.id, step.id, ("say",), message)
    order = [key for key in said if key in "12345678"]
    if order != sorted(order):
        chinese, english = listed(order)
        message = (f"提示（{language}）的顺序是 {chinese}", f"the order ({language}) is {english}")
        yield LintFinding(KEY_ORDER, flow.id, step.id, ("say",), message)
