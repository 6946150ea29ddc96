"""What is called: one Asterisk with two numbers, the same menus behind both.

12345   our daemon speaks the flow, as it is installed
12346   Asterisk's own dialplan: Background() and WaitExten(). The floor: nothing can answer a
        key faster than the code that Asterisk has for it
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bench.ivr import ahead
from bench.ivr.listen import CLIPS, MENUS, NEXT, PITCHES
from config.secrets import Secrets
from config.settings import load_settings
from config.site import load_site
from cti.sandbox import Sandbox, free_port_range, free_ports
from tests.acceptance.hotline import PROMPTS, ROOT, Hotline, make_prompts, write_tone

DAEMON: Final = "12345"
DIALPLAN: Final = "12346"
LANGUAGE: Final = "zh-CN"
CLIP: Final = 4250
"""Samples of a clip: like most recordings no whole number of packets."""
PROMPT_S: Final = CLIP * CLIPS / 8000
WAIT_S: Final = 10
PORTS_A_CALL: Final = 4


@dataclass
class Line:
    """A hotline and its Asterisk."""

    hotline: Hotline
    sandbox: Sandbox

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of what is measured, while it runs."""
        found = {"Asterisk": self.sandbox.pid}
        found["daemon"] = self.hotline.daemon.pid if self.hotline.daemon else None
        return {name: pid for name, pid in found.items() if pid is not None}


def clip(menu: int, number: int) -> str:
    """The name of one clip of a menu's prompt."""
    return f"menu-{menu}-{number}"


def flow() -> dict[str, Any]:
    """Menus in a circle, as a flow's file has them."""
    menus = {
        f"menu-{menu}": {
            "do": "menu",
            "say": [clip(menu, number) for number in range(CLIPS)],
            "keys": {NEXT: f"menu-{(menu + 1) % MENUS}"},
            "otherwise": "end",
            "wait_seconds": WAIT_S,
        }
        for menu in range(MENUS)
    }
    steps = {**menus, "end": {"do": "hangup", "say": "goodbye"}}
    return {"languages": [LANGUAGE], "start": "menu-0", "steps": steps}


def dialplan(prompts: str) -> list[tuple[str, str, str]]:
    """The same menus as (context, extension and priority, application); `prompts`: the folder of
    the sounds, as Asterisk sees it."""
    lines = [
        ("from-trunk", f"{DIALPLAN},1", "Answer()"),
        ("from-trunk", f"{DIALPLAN},2", "Goto(bench-0,s,1)"),
    ]
    for menu in range(MENUS):
        sounds = "&".join(f"{prompts}/{clip(menu, number)}" for number in range(CLIPS))
        after = (menu + 1) % MENUS
        lines += [
            (f"bench-{menu}", "s,1", f"Background({sounds})"),
            (f"bench-{menu}", "s,2", f"WaitExten({WAIT_S})"),
            (f"bench-{menu}", "s,3", "Hangup()"),
            (f"bench-{menu}", f"{NEXT},1", f"Goto(bench-{after},s,1)"),
        ]
    return lines


def _write_site(folder: Path) -> Path:
    site = yaml.safe_load((ROOT / "tests/site/site.yaml").read_text("utf-8"))
    site["hotlines"] = [{"number": DAEMON, "flow": "bench", "language": LANGUAGE}]
    site["flows_dir"] = str(folder / "flows")
    (folder / "flows").mkdir()
    text = yaml.safe_dump(flow(), allow_unicode=True, sort_keys=False)
    (folder / "flows" / "bench.yaml").write_text(text, "utf-8")
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    return file


def _write_sounds(folder: Path) -> None:
    make_prompts(folder)
    clash = {clip(menu, number) for menu in range(MENUS) for number in range(CLIPS)} & set(PROMPTS)
    assert not clash
    for menu in range(MENUS):
        for number in range(CLIPS):
            pitch = PITCHES[menu * CLIPS + number]
            write_tone(folder / LANGUAGE / f"{clip(menu, number)}.wav", pitch, CLIP)


@asynccontextmanager
async def bench_line(folder: Path, root_dir: Path, calls: int) -> AsyncIterator[Line]:
    """Start Asterisk in `folder` with room for `calls` calls; the daemon is not started yet."""
    ami, agi, http, sip = free_ports(4)
    first, last = free_port_range(PORTS_A_CALL * calls)
    name = f"test-{os.getpid()}-{sip}"
    _write_sounds(folder / "prompts")
    base = load_settings(
        site=str(_write_site(folder)),
        state_dir=str(folder / "state"),
        asterisk={
            "ami_port": ami,
            "sip_port": sip,
            "root_dir": str(root_dir),
            "rtp_first_port": first,
            "rtp_last_port": last,
        },
        agi={"port": agi},
        http={"port": http},
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
    hotline = Hotline(settings, site, secrets, settings_file, folder / "daemon.log")
    try:
        if sandbox.pid is not None and ahead.wanted():
            ahead.put_ahead(sandbox.pid)
        await _add_dialplan(sandbox, f"{settings.prompts.dir_in_asterisk}/{LANGUAGE}")
        yield Line(hotline, sandbox)
    finally:
        if hotline.daemon is not None:
            hotline.stop_daemon()
        await sandbox.stop()


async def _add_dialplan(sandbox: Sandbox, prompts: str) -> None:
    for context, extension, application in dialplan(prompts):
        said = await sandbox.cli(f"dialplan add extension {extension},{application} into {context}")
        if "added" not in said:
            raise RuntimeError(f"Asterisk did not take {extension} in {context}: {said.strip()}")
