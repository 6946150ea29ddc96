"""Where a caller is in a flow, small enough to live in one channel variable.

Asterisk keeps it on the caller's channel, so a menu outlives the daemon that was speaking it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from ivr_flows.errors import StateUnreadable
from ivr_flows.says import VALUE_NAME

MAX_TYPED_AHEAD: Final = 32
"""Keys pressed before their question has come; more is a child or a robot, not a choice."""
MAX_VALUES: Final = 48
MAX_VALUE: Final = 200
"""Characters of one value."""
MAX_TEXT: Final = 6000
"""Bytes of the written state; an AGI command has 8 KB (res/res_agi.c)."""
MAX_FRAMES: Final = 8
SENT: Final = "sent"
TRANSFERRED: Final = "transferred"
STAGES: Final = ("", "after", "seat", SENT, TRANSFERRED)

_VERSION: Final = "v2"
_NAME = r"[a-z0-9][a-z0-9-]{0,31}"
_TEXT: Final = re.compile(
    rf"{_VERSION}/({_NAME})/({_NAME})/([A-Za-z]{{2,3}}(?:-[A-Za-z0-9]{{2,8}}){{0,2}})"
    r"/([0-9]{1,4})/([0-9]{1,4})/([01])/([A-Za-z0-9_-]*)",
    re.ASCII,
)
_FRAME: Final = re.compile(rf"({_NAME})/({_NAME})", re.ASCII)
_VALUE_NAME: Final = re.compile(VALUE_NAME, re.ASCII)
_NO_VALUES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a `return` leads to."""

    flow: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """The caller stands in step `step` of `flow` and hears `language`."""

    flow: str
    step: str
    language: str
    attempts: int = 0
    """Rounds of the current question that brought no answer."""
    keys: int = 0
    """Keys that questions have taken in this flow, right or wrong."""
    person_asked: bool = False
    stage: str = ""
    """Empty: the hotline's flow. `after`: the survey. `seat`: a seat has sent the caller here.
    `sent`: their queue's rule has."""
    waiting: bool = False
    """The caller has a place in a line, and is in a menu meanwhile."""
    part: str = ""
    """Where in its step, when that asks more than one thing."""
    values: Mapping[str, str] = field(default_factory=lambda: _NO_VALUES)
    frames: tuple[Frame, ...] = ()
    typed_ahead: str = ""
    """Keys pressed before their question. Not written down: they may be meant for a private one."""
    held: str = ""
    """What the step keeps between its parts. Not written down: it may be private."""
    private: frozenset[str] = frozenset()
    """Names of values that are not written down."""

    def to_text(self) -> str:
        """One word without quotes, commas or expressions: `v2/main/main-menu/zh-CN/0/2/1/...`;
        the last part is JSON in URL-safe base64 (RFC 4648, 5), empty when there is nothing more."""
        head = (
            f"{_VERSION}/{self.flow}/{self.step}/{self.language}"
            f"/{self.attempts}/{self.keys}/{int(self.person_asked)}/"
        )
        values = {name: text for name, text in self.values.items() if name not in self.private}
        more: dict[str, Any] = {}
        if self.stage:
            more["s"] = self.stage
        if self.waiting:
            more["w"] = 1
        if self.frames:
            more["f"] = [f"{frame.flow}/{frame.step}" for frame in self.frames]
        if values:
            more["v"] = values
        while True:
            tail = _packed(more) if more else ""
            if len(head) + len(tail) <= MAX_TEXT or not values:
                return head + tail
            # Above 48 values of 200 Chinese characters: the longest ones go, the place stays.
            del values[max(values, key=lambda name: len(values[name]))]

    @classmethod
    def from_text(cls, text: str) -> FlowState:
        """Raises StateUnreadable when `text` is not what `to_text` writes."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise StateUnreadable("not a state of this version")
        flow, step, language, attempts, keys, asked, tail = match.groups()
        more = _unpacked(tail) if tail else {}
        return cls(
            flow=flow,
            step=step,
            language=language,
            attempts=int(attempts),
            keys=int(keys),
            person_asked=asked == "1",
            stage=_stage(more.get("s", "")),
            waiting=more.get("w") == 1,
            values=_values(more.get("v", {})),
            frames=_frames(more.get("f", [])),
        )


def _packed(more: dict[str, Any]) -> str:
    text = json.dumps(more, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate may come from a look-up's answer; it is no character to speak or to keep.
    return base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")


def _unpacked(tail: str) -> dict[str, Any]:
    try:
        more = json.loads(base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4)))
    except (ValueError, RecursionError):
        raise StateUnreadable("its values cannot be read") from None
    if not isinstance(more, dict):
        raise StateUnreadable("its values cannot be read")
    return more


def _stage(stage: Any) -> str:
    if stage not in STAGES:
        raise StateUnreadable("no stage of a call")
    return str(stage)


def _values(values: Any) -> Mapping[str, str]:
    if not isinstance(values, dict) or not all(
        isinstance(name, str) and _VALUE_NAME.fullmatch(name) and isinstance(value, str)
        for name, value in values.items()
    ):
        raise StateUnreadable("its values are none")
    return values


def _frames(frames: Any) -> tuple[Frame, ...]:
    if not isinstance(frames, list) or len(frames) > MAX_FRAMES:
        raise StateUnreadable("its way back is none")
    found = [_FRAME.fullmatch(frame) if isinstance(frame, str) else None for frame in frames]
    if not all(found):
        raise StateUnreadable("its way back is none")
    return tuple(Frame(*match.groups()) for match in found if match)
