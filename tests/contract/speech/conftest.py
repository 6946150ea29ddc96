from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_flows.speech.choice import extra_installed
from ivr_flows.speech.command import Command
from ivr_flows.speech.engine import SpeechEngine
from ivr_flows.speech.espeak import Espeak
from ivr_flows.speech.http import Http

from .voices import program, serving


@functools.cache
def kokoro() -> SpeechEngine:
    """Loaded once: it takes seconds."""
    folder = os.environ.get("CTI_SPEECH__MODEL_DIR", "")
    if not (folder and extra_installed()):
        pytest.skip("needs the extra `speech` and its model in CTI_SPEECH__MODEL_DIR")
    from ivr_flows.speech.kokoro import Kokoro

    return Kokoro(Path(folder))


@pytest.fixture(params=["espeak", "command", "http", "kokoro"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SpeechEngine]:
    """Every engine; Kokoro where its model is."""
    match request.param:
        case "espeak":
            if shutil.which("espeak-ng") is None:
                pytest.skip("needs the Debian package espeak-ng")
            yield Espeak()
        case "kokoro":
            yield kokoro()
        case "command":
            yield Command(program(tmp_path), seconds=10)
        case "http":
            with serving() as server:
                yield Http(server.url, seconds=10)
