"""The process that computes sound: quick, and ended when it is not."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr_flows.speech.choice import EngineSpec, engine_of, last_resort
from ivr_flows.speech.errors import EngineFailed, EngineMissing, EngineTooSlow, SpeechError
from ivr_flows.speech.listening import listen
from ivr_flows.speech.workshop import Workshop

from .voices import alive, asked, program, serving

Opener = Callable[..., Workshop]


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    """Makes workshops and closes them again."""
    workshops: list[Workshop] = []

    def open_one(spec: EngineSpec, **more: float) -> Workshop:
        workshops.append(Workshop(spec, **more))
        return workshops[-1]

    yield open_one
    for workshop in workshops:
        await workshop.close()


def command(folder: Path, mode: str = "good", seconds: float = 10) -> EngineSpec:
    return EngineSpec(engine="command", command=tuple(program(folder, mode)), seconds=seconds)


def pid_of(workshop: Workshop) -> int:
    assert workshop._process is not None
    return workshop._process.pid


async def test_makes_files_that_asterisk_plays_in_one_process(
    opened: Opener, tmp_path: Path
) -> None:
    workshop = opened(command(tmp_path))
    seconds = await workshop.make("您好", "zh-CN", tmp_path / "a/b/1.wav")
    first = pid_of(workshop)
    await workshop.make("hello", "en", tmp_path / "a/b/2.wav")
    assert pid_of(workshop) == first
    heard = listen(tmp_path / "a/b/1.wav")
    assert heard.faults == ()
    assert abs(heard.seconds - seconds) < 0.01
    assert (tmp_path / "a/b/1.wav").stat().st_mode & 0o777 == 0o644
    assert len(asked(tmp_path)) == 2


@pytest.mark.parametrize("mode", ["dies", "garbage", "huge", "nothing", "empty"])
async def test_engine_that_fails_is_told_of_and_leaves_no_file(
    opened: Opener, tmp_path: Path, mode: str
) -> None:
    workshop = opened(command(tmp_path, mode))
    with pytest.raises(EngineFailed):
        await workshop.make("hello", "en", tmp_path / "out/x.wav")
    assert not list((tmp_path / "out").rglob("*")) if (tmp_path / "out").exists() else True


async def test_engine_that_hangs_is_given_up_in_its_time(opened: Opener, tmp_path: Path) -> None:
    workshop = opened(command(tmp_path, "hangs", seconds=0.5))
    began = time.monotonic()
    with pytest.raises(SpeechError, match=r"not ready within 0\.5 s"):
        await workshop.make("hello", "en", tmp_path / "x.wav")
    assert time.monotonic() - began < 8


async def test_process_that_hangs_is_killed_and_the_next_text_gets_a_fresh_one(
    opened: Opener, tmp_path: Path
) -> None:
    workshop = opened(command(tmp_path, seconds=0.5))
    await workshop.make("hello", "en", tmp_path / "1.wav")
    stuck = pid_of(workshop)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(EngineTooSlow):
        await workshop.make("hello", "en", tmp_path / "2.wav")
    assert not alive(stuck)
    await workshop.make("hello", "en", tmp_path / "3.wav")
    assert (tmp_path / "3.wav").exists()


async def test_process_that_died_between_texts_is_not_noticed(
    opened: Opener, tmp_path: Path
) -> None:
    workshop = opened(command(tmp_path))
    await workshop.make("hello", "en", tmp_path / "1.wav")
    os.kill(pid_of(workshop), signal.SIGKILL)
    await workshop.make("hello", "en", tmp_path / "2.wav")
    assert (tmp_path / "2.wav").exists()


async def test_process_without_work_ends(opened: Opener, tmp_path: Path) -> None:
    workshop = opened(command(tmp_path), idle_s=0.05)
    await workshop.make("hello", "en", tmp_path / "1.wav")
    assert workshop._process is not None
    async with asyncio.timeout(5):
        await workshop._process.wait()
    await workshop.make("hello", "en", tmp_path / "2.wav")


async def test_closing_takes_along_the_program_that_is_running(
    opened: Opener, tmp_path: Path
) -> None:
    workshop = opened(command(tmp_path, "leaves a child", seconds=30))
    making = asyncio.create_task(workshop.make("hello", "en", tmp_path / "1.wav"))
    child = tmp_path / "seen.child"
    async with asyncio.timeout(20):
        while not child.exists() or not child.read_text():  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.02)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    async with asyncio.timeout(5):
        while alive(int(child.read_text())):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.02)


async def test_a_cancelled_text_never_answers_for_the_next_one(
    opened: Opener, tmp_path: Path
) -> None:
    workshop = opened(command(tmp_path))
    await workshop.make("warm", "en", tmp_path / "0.wav")
    slow = asyncio.create_task(workshop.make("x" * 900, "en", tmp_path / "1.wav"))
    await asyncio.sleep(0.03)
    slow.cancel()
    seconds = await workshop.make("hi", "en", tmp_path / "2.wav")
    assert abs(seconds - listen(tmp_path / "2.wav").seconds) < 0.01
    assert seconds < 1


async def test_speaks_through_http_and_tells_its_errors(opened: Opener, tmp_path: Path) -> None:
    with serving() as server:
        workshop = opened(EngineSpec(engine="http", url=server.url, voices={"en": "amy"}))
        await workshop.make("hello", "en", tmp_path / "1.wav")
        assert server.asked[0]["voice"] == "amy"
        server.mode = "500"
        with pytest.raises(EngineFailed, match="it answered 500"):
            await workshop.make("hello", "en", tmp_path / "2.wav")


async def test_folder_that_cannot_be_written_is_told_of(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpeechError, match="cannot be written"):
        await opened(command(tmp_path)).make("hello", "en", tmp_path / "file/x.wav")


async def test_disk_that_fills_up_leaves_no_part_of_a_file(opened: Opener, tmp_path: Path) -> None:
    with serving() as server:
        workshop = opened(EngineSpec(engine="http", url=server.url))
        await workshop.make("hello", "en", tmp_path / "out/1.wav")
        # As on a full disk, the write fails in the middle.
        resource.prlimit(pid_of(workshop), resource.RLIMIT_FSIZE, (100, 100))
        with pytest.raises(EngineFailed, match="cannot be written"):
            await workshop.make("hello", "en", tmp_path / "out/2.wav")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["1.wav"]


async def test_our_secrets_never_reach_an_engine(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_DATABASE__URL", "postgresql://user:geheim@host/db")
    spy = tmp_path / "spy.sh"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\nexit 1\n")
    spy.chmod(0o755)
    workshop = opened(EngineSpec(engine="command", command=(str(spy), "{out}")))
    with pytest.raises(EngineFailed):
        await workshop.make("hello", "en", tmp_path / "x.wav")
    assert "PATH=" in (tmp_path / "env").read_text()
    assert "geheim" not in (tmp_path / "env").read_text()


async def test_no_engine_is_typed_and_starts_nothing(opened: Opener, tmp_path: Path) -> None:
    workshop = opened(EngineSpec(engine="none"))
    assert not workshop.open
    with pytest.raises(EngineMissing):
        await workshop.make("hello", "en", tmp_path / "x.wav")
    assert workshop._process is None


class TestChoice:
    def test_named_engine_is_taken_at_its_word(self) -> None:
        assert engine_of(EngineSpec(engine="kokoro")) == "kokoro"
        assert engine_of(EngineSpec(engine="none")) == "none"

    def test_auto_without_model_is_espeak_if_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = "ivr_flows.speech.choice.espeak_program"
        monkeypatch.setattr(found, lambda: "/usr/bin/espeak-ng")
        assert engine_of(EngineSpec()) == "espeak"
        assert last_resort(EngineSpec()) == "none"
        assert last_resort(EngineSpec(engine="http")) == "espeak"
        monkeypatch.setattr(found, lambda: "")
        assert engine_of(EngineSpec()) == "none"
        assert last_resort(EngineSpec(engine="http")) == "none"

    def test_auto_with_model_and_extra_is_kokoro(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr_flows.speech.choice.extra_installed", lambda: True)
        assert engine_of(EngineSpec(model_dir=str(tmp_path))) != "kokoro"
        (tmp_path / "model.onnx").touch()
        assert engine_of(EngineSpec(model_dir=str(tmp_path))) == "kokoro"


def test_daemons_side_brings_in_nothing_that_computes_sound() -> None:
    code = (
        "import ivr_flows.speech.wiring, cti.prompts_cli, sys;"
        "print([name for name in ('numpy', 'pydub', 'pypinyin', 'onnxruntime')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
