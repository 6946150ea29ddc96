"""A whole hotline for a test: sandbox Asterisk, the daemon as a process of its own, phones, API.

Prompts and hold music are tones, each at its own pitch, so that a phone can tell by ear what it
hears and a gap in the music can be measured.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import yaml

from bench.phones.audio import Tone
from bench.phones.phone import AnswerPolicy, Manual, Phone, PhoneCall
from config.secrets import Secrets
from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.sandbox import Sandbox, free_port_range, free_ports

ROOT: Final = Path(__file__).resolve().parents[2]
HOLD_MUSIC_HZ: Final = 440
CALLER_HZ: Final = 700
SEAT_HZ: Final = 1300
OUTSIDE_HZ: Final = 1700
PROMPTS: Final[dict[str, tuple[int, int]]] = {
    # name: (pitch in Hz, length in samples at 8 kHz)
    "greeting": (600, 3200),
    "main-menu": (820, 8000),
    "transferring": (1000, 6920),
    "all-busy": (1100, 3200),
    "wrong-key": (900, 3200),
    "no-key": (900, 3200),
    "goodbye": (500, 3200),
    "technical-problem": (900, 3200),
}


def write_tone(file: Path, hz: int, samples: int) -> None:
    """A mono 8 kHz 16-bit WAV of a steady tone at about -10 dBFS."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sound = (10000 * np.sin(2 * np.pi * hz * np.arange(samples) / 8000)).astype("<i2")
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(sound.tobytes())


def make_prompts(folder: Path, more: Mapping[str, tuple[int, int]] = MappingProxyType({})) -> None:
    for language in ("zh-CN", "en"):
        for name, (hz, samples) in {**PROMPTS, **more}.items():
            write_tone(folder / language / f"{name}.wav", hz, samples)


def make_site(
    folder: Path,
    flows: Path | None = None,
    parts: Mapping[str, Any] = MappingProxyType({}),
    **changes: Any,
) -> Path:
    """The demo site with the short times of a test; `changes` go to every queue, `parts` replace
    parts of the site (or are added)."""
    site = yaml.safe_load((ROOT / "tests/site/site.yaml").read_text("utf-8"))
    for queue in site["queues"].values():
        queue.update({"ring_seconds": 3, "wrapup_seconds": 0} | changes)
    site["flows_dir"] = str(flows or ROOT / "tests/site/flows")
    site |= parts
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return file


@dataclass
class Hotline:
    """`daemon` is None while the daemon is away."""

    settings: Settings
    site: Site
    secrets: Secrets
    settings_file: Path
    log_file: Path
    daemon: subprocess.Popen[bytes] | None = None
    phones: list[Phone] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        return f"http://{self.settings.http.host}:{self.settings.http.port}"

    @property
    def sip(self) -> tuple[str, int]:
        return self.settings.asterisk.sip_host, self.settings.asterisk.sip_port

    async def start_daemon(self) -> None:
        """Start `cti run` and return when it says that it is ready."""
        with self.log_file.open("ab") as log:
            self.daemon = subprocess.Popen(  # noqa: ASYNC220 - starting it does not wait
                [sys.executable, "-m", "cti.cli", "run", "--settings", str(self.settings_file)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        await self.ready()

    async def ready(self, deadline_s: float = 60.0) -> None:
        """Wait for /readyz; on a busy machine Python alone may need many seconds to start."""
        import aiohttp

        over = time.monotonic() + deadline_s
        async with aiohttp.ClientSession() as session:
            while True:
                if time.monotonic() > over:
                    raise AssertionError(f"not ready within {deadline_s} s:\n{self.log_tail()}")
                if self.daemon is not None and self.daemon.poll() is not None:
                    raise AssertionError(f"the daemon ended:\n{self.log_tail()}")
                try:
                    async with session.get(f"{self.api_url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    def kill_daemon(self) -> None:
        """kill -9: nothing of the daemon gets to tidy up."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.daemon = None

    def stop_daemon(self) -> None:
        if self.daemon is None:
            return
        self.daemon.terminate()
        try:
            self.daemon.wait(15)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            raise AssertionError(f"the daemon did not stop:\n{self.log_tail()}") from None
        self.daemon = None

    def log_tail(self) -> str:
        return self.log_file.read_text("utf-8", "replace")[-6000:]

    async def seat(self, seat: str, answer: AnswerPolicy | None = None) -> Phone:
        """A registered phone of that seat; it answers by hand unless told otherwise."""
        phone = Phone(
            user=seat,
            server=self.sip,
            password=self.secrets.get(self.site.seats[seat].sip_secret),
            answer=answer or Manual(),
        )
        await phone.start()
        self.phones.append(phone)
        await phone.register()
        return phone

    async def caller(self, number: str = "13800001111", name: str = "张三") -> Phone:
        """A phone in the public network: its calls come from the trunk's address."""
        phone = Phone(user=number, server=self.sip, local_ip=TRUNK_ADDRESS, display_name=name)
        await phone.start()
        self.phones.append(phone)
        return phone

    async def outside(self, answer: AnswerPolicy | None = None) -> Phone:
        """What is behind the trunk: every number outside that the hotline dials rings here."""
        port = int(self.settings.asterisk.trunk_contact.rpartition(":")[2])
        phone = Phone(
            user="outside",
            server=self.sip,
            local_ip=TRUNK_ADDRESS,
            local_port=port,
            answer=answer or Manual(),
            microphone=Tone(OUTSIDE_HZ),
        )
        await phone.start()
        self.phones.append(phone)
        return phone

    async def hang_up_all(self) -> None:
        for phone in self.phones:
            await phone.stop()
        self.phones.clear()


async def call_in(line: Hotline, *, key: str = "0", number: str = "13800001111") -> PhoneCall:
    """A caller dials the hotline and presses `key` in the menu."""
    phone = await line.caller(number)
    call = await phone.call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    await call.heard.wait_for_sound(deadline=5)
    await call.press(key)
    return call


async def talking(caller: PhoneCall, seat: PhoneCall) -> None:
    """Both hear each other."""
    await seat.heard.wait_for_tone(CALLER_HZ, deadline=5)
    await caller.heard.wait_for_tone(SEAT_HZ, deadline=5)


TRUNK_ADDRESS: Final = "127.0.0.2"


@asynccontextmanager
async def hotline(
    folder: Path,
    *,
    root_dir: Path,
    database_url: str = "",
    flows: Path | None = None,
    prompts: Mapping[str, tuple[int, int]] = MappingProxyType({}),
    parts: Mapping[str, Any] = MappingProxyType({}),
    rtp_ports: int = 400,
    **queue_changes: Any,
) -> AsyncIterator[Hotline]:
    """Start Asterisk and the daemon in `folder`; stop both at the end and check the logs.

    `flows`: the folder of the flows, else the demo site's. `prompts`: tones as in PROMPTS, added.
    `parts`: parts of the site file that replace the demo site's. `rtp_ports`: two for each leg.
    """
    ami, agi, http, sip, trunk = free_ports(5)
    first, last = free_port_range(rtp_ports)
    name = f"test-{os.getpid()}-{sip}"
    make_prompts(folder / "prompts", prompts)
    write_tone(root_dir / "srv" / name / "music" / "tone.wav", HOLD_MUSIC_HZ, 8000 * 60)
    base = load_settings(
        site=str(make_site(folder, flows, parts, **queue_changes)),
        state_dir=str(folder / "state"),
        asterisk={
            "ami_port": ami,
            "sip_port": sip,
            "root_dir": str(root_dir),
            "rtp_first_port": first,
            "rtp_last_port": last,
            "music_dir": f"/srv/{name}/music",
            "trunk_contact": f"sip:{TRUNK_ADDRESS}:{trunk}",
        },
        agi={"port": agi},
        http={"port": http},
        database={"url": database_url},
        prompts={"dir": str(folder / "prompts")},
    )
    settings = Sandbox.settings_for(base, name)
    site = load_site(settings.site)
    secrets = Secrets(settings.state_dir / "secrets.json")
    sandbox = Sandbox(settings, site, secrets, name)
    settings_file = folder / "settings.yaml"
    settings_file.write_text(
        yaml.safe_dump(yaml.safe_load(settings.model_dump_json()), allow_unicode=True), "utf-8"
    )
    await sandbox.start()
    line = Hotline(settings, site, secrets, settings_file, folder / "daemon.log")
    try:
        await line.start_daemon()
        yield line
        await line.hang_up_all()
        line.stop_daemon()
    finally:
        if line.daemon is not None:
            line.kill_daemon()
        await sandbox.stop()
    problems = re.findall(r"^.*(?:Traceback|core failed|task failed).*$", line.log_tail(), re.M)
    assert not problems, line.log_tail()
