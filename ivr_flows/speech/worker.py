"""The process that computes sound: `python -m ivr_flows.speech.worker`.

Reads one JSON object a line: first what engine to be (`EngineSpec`), then the texts

    {"text": "...", "language": "zh-CN", "out": "/path/to.wav"}

and answers each with `{"seconds": 2.4}` or `{"error": "..."}`. Ends with its standard input. Calls
come first: it gives way to every other process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from ivr_flows.speech.choice import EngineSpec, engine_of
from ivr_flows.speech.engine import TELEPHONE_HZ, SpeechEngine, make_prompt
from ivr_flows.speech.errors import EngineMissing, SpeechError
from ivr_flows.speech.text import speakable
from ivr_flows.speech.wav import write_wav

NICE: Final = 10


def make_engine(spec: EngineSpec) -> SpeechEngine:
    """The engine that `spec` comes to on this machine. Raises EngineMissing, ModelMissing."""
    engine: SpeechEngine
    match engine_of(spec):
        case "kokoro":
            from ivr_flows.speech.kokoro import Kokoro  # noqa: PLC0415

            engine = Kokoro(Path(spec.model_dir))
        case "espeak":
            from ivr_flows.speech.espeak import Espeak  # noqa: PLC0415

            engine = Espeak(seconds=spec.seconds)
        case "command":
            from ivr_flows.speech.command import Command  # noqa: PLC0415

            engine = Command(spec.command, voices=spec.voices, seconds=spec.seconds)
        case "http":
            from ivr_flows.speech.http import Http  # noqa: PLC0415

            engine = Http(spec.url, voices=spec.voices, seconds=spec.seconds)
        case name:
            raise EngineMissing(name, "no engine is set, and this machine has none")
    return engine


def make(engine: SpeechEngine, text: str, language: str, out: Path) -> float:
    """Speak `text` into the file `out`; its length in seconds. Raises SpeechError."""
    samples = make_prompt(engine, speakable(text), language)
    write_wav(out, samples)
    return samples.size / TELEPHONE_HZ


class _Desk:
    """Answers line by line; the engine is made at the first text."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._engine: SpeechEngine | None = None

    def answer(self, line: str) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            self._engine = self._engine or make_engine(self._spec)
            out = Path(asked["out"])
            return {"seconds": make(self._engine, asked["text"], asked["language"], out)}
        except SpeechError as error:
            return {"error": str(error)}
        except Exception as error:  # an engine may fail in any way; the next text goes on
            return {"error": f"the speech engine failed: {type(error).__name__}: {error}"[:300]}


def main() -> None:
    os.nice(NICE)
    # An orderly end takes along the program that an engine is running.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    # Libraries print what they like; answers go where nobody else writes.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    desk = _Desk(EngineSpec.from_json(json.loads(sys.stdin.readline())))
    for line in sys.stdin:
        answers.write(json.dumps(desk.answer(line)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
