"""Which engine speaks, by the settings and by what this machine has."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

EngineName = Literal["auto", "kokoro", "espeak", "command", "http", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """All that an engine needs to know; `seconds` is what one text may take."""

    engine: EngineName = "auto"
    model_dir: str = ""
    command: tuple[str, ...] = ()
    url: str = ""
    voices: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> EngineSpec:
        return cls(**{**values, "command": tuple(values["command"])})

    def voice(self, language: str) -> str:
        """The voice that the settings name for `language`; empty: the engine's own."""
        return self.voices.get(language, "")


def engine_of(spec: EngineSpec) -> EngineName:
    """The engine that `spec` comes to here; never `auto`. What is asked for by name is taken at
    its word, so that a slip is reported and not hidden."""
    if spec.engine != "auto":
        return spec.engine
    if spec.model_dir and extra_installed() and (Path(spec.model_dir) / "model.onnx").is_file():
        return "kokoro"
    return "espeak" if espeak_program() else "none"


def last_resort(spec: EngineSpec) -> EngineName:
    """The engine to try when the chosen one fails; `none` when there is no other."""
    chosen = engine_of(spec)
    return "espeak" if chosen not in ("none", "espeak") and espeak_program() else "none"


def extra_installed() -> bool:
    """Whether the optional extra `speech` is installed."""
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "misaki"))


def espeak_program() -> str:
    """Where espeak-ng is; empty when this machine has none."""
    return shutil.which("espeak-ng") or ""
