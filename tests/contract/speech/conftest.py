from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_flows.speech.command import Command
from ivr_flows.speech.engine import SpeechEngine
from ivr_flows.speech.espeak import Espeak
from ivr_flows.speech.http import Http

from .voices import program, serving


@pytest.fixture(params=["espeak", "command", "http"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SpeechEngine]:
    """Each engine that needs no model."""
    match request.param:
        case "espeak":
            if shutil.which("espeak-ng") is None:
                pytest.skip("needs the Debian package espeak-ng")
            yield Espeak()
        case "command":
            yield Command(program(tmp_path), seconds=10)
        case "http":
            with serving() as server:
                yield Http(server.url, seconds=10)
