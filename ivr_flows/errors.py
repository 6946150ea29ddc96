"""Errors of voice flows.

FlowError
├── FlowRefused      a flow's file cannot be used; every finding has its file and line
├── PromptMissing    no language has a recording of a prompt
├── StateUnreadable  a kept state is not one of ours, or its flow or step is no longer there
└── FlowMisled       our own bug: an outcome that the current step cannot have
"""

from __future__ import annotations

from dataclasses import dataclass

from cti.errors import JietongError


class FlowError(JietongError):
    """Base of all errors of voice flows."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong in a flow: where (`file:line`), the key there, and what was meant."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class FlowRefused(FlowError):
    """Field: `findings`, one for each thing that is wrong, in the order of the file."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class PromptMissing(FlowError):
    """No language has the prompt `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no recording of the prompt {name!r} in any language")


class StateUnreadable(FlowError):
    """A kept state cannot be taken up again. `why` is for people and logs."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the kept place in the menu cannot be used: {why}")


class FlowMisled(FlowError):
    """The step `step` was told something that it did not ask for, or the flow never stops."""

    def __init__(self, step: str, why: str) -> None:
        self.step = step
        self.why = why
        super().__init__(f"step {step!r}: {why}")
