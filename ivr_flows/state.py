"""Where a caller is in a flow, small enough to live in one channel variable.

Asterisk keeps it on the caller's channel, so a menu outlives the daemon that was speaking it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ivr_flows.errors import StateUnreadable

MAX_TYPED_AHEAD: Final = 16
"""Keys pressed before their menu has come; more is a child or a robot, not a choice."""

_VERSION: Final = "v1"
_NAME = r"[a-z0-9][a-z0-9-]{0,31}"
_TEXT: Final = re.compile(
    rf"{_VERSION}/({_NAME})/({_NAME})/([A-Za-z]{{2,3}}(?:-[A-Za-z0-9]{{2,8}}){{0,2}})"
    r"/([0-9]{1,4})/([0-9]{1,4})/([01])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """The caller stands in step `step` of `flow` and hears `language`."""

    flow: str
    step: str
    language: str
    attempts: int = 0
    """Rounds of the current menu that brought no choice."""
    keys: int = 0
    """Keys that menus have taken in this flow, right or wrong."""
    person_asked: bool = False
    typed_ahead: str = ""
    """Keys pressed before their menu. Not written down: they may be meant for a private step."""

    def to_text(self) -> str:
        """One word without quotes, commas or expressions: `v1/main/main-menu/zh-CN/0/2/1`."""
        numbers = f"{self.attempts}/{self.keys}/{int(self.person_asked)}"
        return f"{_VERSION}/{self.flow}/{self.step}/{self.language}/{numbers}"

    @classmethod
    def from_text(cls, text: str) -> FlowState:
        """Raises StateUnreadable when `text` is not what `to_text` writes."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise StateUnreadable("not a state of this version")
        flow, step, language, attempts, keys, asked = match.groups()
        return cls(
            flow=flow,
            step=step,
            language=language,
            attempts=int(attempts),
            keys=int(keys),
            person_asked=asked == "1",
        )
