"""Speech engines that are not ours: a program and a server, well and badly behaved."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from aiohttp import web

PROGRAM = r"""
import os, subprocess, sys, time, wave, math, struct
mode, language, out, seen = sys.argv[1:5]
text = sys.stdin.buffer.read().decode() if mode != "deaf" else "x" * 5
open(seen, "a").write(repr((language, text)) + "\n")
if mode == "dies": sys.stderr.write("no voice for\nthis text\x1b[31m\n"); sys.exit(3)
if mode == "killed": os.kill(os.getpid(), 9)
if mode == "hangs": time.sleep(60)
if mode == "leaves a child":
    child = subprocess.Popen(["sleep", "60"]); open(seen + ".child", "w").write(str(child.pid))
    time.sleep(60)
if mode == "nothing": sys.exit(0)
if mode == "huge":
    with open(out, "wb") as file:
        for _ in range(100): file.write(b"R" * 1_000_000)
elif mode == "garbage": open(out, "wb").write(os.urandom(5000))
elif mode == "empty": open(out, "wb").close()
elif mode == "link": os.symlink("/etc/passwd", out)
else:
    loud = 0 if mode == "silent" else 9000
    with wave.open(out, "wb") as wav:
        wav.setnchannels(1); wav.setsampwidth(2); wav.setframerate(16000)
        samples = [int(loud * math.sin(i * 0.3)) for i in range(3200 + 160 * len(text))]
        wav.writeframes(struct.pack(f"<{len(samples)}h", *samples))
"""


def tone(seconds: float = 0.5, rate: int = 16000, *, loud: float = 0.3) -> bytes:
    """A WAV file of a tone of 700 Hz."""
    samples = loud * np.sin(2 * np.pi * 700 * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def program(folder: Path, mode: str = "good") -> list[str]:
    """The arguments for `Command`; what it is asked lands in `folder/seen`."""
    script = folder / "voice.py"
    script.write_text(PROGRAM)
    return [sys.executable, str(script), mode, "{language}", "{out}", str(folder / "seen")]


def asked(folder: Path) -> list[str]:
    seen = folder / "seen"
    return seen.read_text().splitlines() if seen.exists() else []


class Server:
    """A speech server on loopback, in a thread of its own."""

    def __init__(self, mode: str = "good") -> None:
        self.mode = mode
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        answers = {
            "good": web.Response(body=tone(), content_type="audio/wav"),
            "500": web.Response(status=500, text="out of order"),
            "page": web.Response(text="<html>log in first</html>", content_type="text/html"),
            "garbage": web.Response(body=b"RIFF....WAVEjunk" * 50, content_type="audio/wav"),
            "empty": web.Response(body=b"", content_type="audio/wav"),
            "silent": web.Response(body=tone(loud=0), content_type="audio/wav"),
            "elsewhere": web.Response(status=302, headers={"Location": "http://127.0.0.1:9/x"}),
        }
        if self.mode in answers:
            return answers[self.mode]
        if self.mode == "hangs":
            await asyncio.sleep(60)
        stream = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        await stream.prepare(request)
        if self.mode == "huge":
            for _ in range(100):
                await stream.write(b"R" * 1_000_000)
        elif self.mode == "drips":
            for byte in tone():
                await stream.write(bytes([byte]))
                await asyncio.sleep(0.1)
        elif self.mode == "closes":
            await stream.write(tone()[:500])
            assert request.transport is not None
            request.transport.abort()
        return stream


@contextlib.contextmanager
def serving(mode: str = "good") -> Iterator[Server]:
    """A running server."""
    server = Server(mode)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/speak", server.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/speak"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def alive(pid: int) -> bool:
    """Whether the process `pid` runs; a killed one that nobody has collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
