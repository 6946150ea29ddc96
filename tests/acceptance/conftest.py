"""Fixtures of the acceptance tests: everything here is real."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from config.secrets import Secrets
from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.sandbox import Sandbox, build_root, free_port_range, free_ports

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Pbx:
    """A running Asterisk and what it was started with."""

    settings: Settings
    site: Site
    secrets: Secrets
    sandbox: Sandbox


def pbx(state: Path, root: Path, name: str, **over: Any) -> Pbx:
    """An Asterisk on free ports, not started yet; `over` goes to `load_settings`."""
    ami, sip, agi = free_ports(3)
    first, last = free_port_range(200)
    ports = {"ami_port": ami, "sip_port": sip, "rtp_first_port": first, "rtp_last_port": last}
    base = load_settings(
        site=str(ROOT / "tests/site/site.yaml"),
        state_dir=str(state),
        asterisk={**ports, "root_dir": str(root)},
        agi={"port": agi},
        prompts={"dir": str(ROOT / "ivr_flows/prompts")},
        **over,
    )
    settings = Sandbox.settings_for(base, name)
    site = load_site(settings.site)
    secrets = Secrets(settings.state_dir / "secrets.json")
    return Pbx(settings, site, secrets, Sandbox(settings, site, secrets, name))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk_root() -> Path:
    """The root folder that every test's Asterisk runs from; built by the first run."""
    root = (ROOT / load_settings().asterisk.root_dir).resolve()
    await build_root(root, print)
    return root


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk(
    asterisk_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pbx]:
    """One Asterisk for all tests that only look at it or place calls without the daemon."""
    running = pbx(tmp_path_factory.mktemp("pbx"), asterisk_root, f"test-{os.getpid()}")
    await running.sandbox.start()
    yield running
    await running.sandbox.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows what its daemon logged and which facts it took down: calls do not always
    go the same way twice."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(report, pytest.TestReport) and report.failed and isinstance(folder, Path):
        for name, text in daemons_side(folder):
            report.sections.append((name, text))
    return report


def daemons_side(folder: Path) -> Iterator[tuple[str, str]]:
    """The end of each daemon's log and ledger below `folder`."""
    for log in sorted(folder.rglob("daemon.log")):
        yield f"{log.name}, its end", "".join(log.read_text("utf-8", "replace")[-4000:])
    for file in sorted(folder.rglob("jietong.db")):
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as ledger:
            try:
                rows = ledger.execute(
                    "SELECT kind, substr(body, 1, 160) FROM ledger"
                    " WHERE kind <> 'AgiCommandEnded' ORDER BY id DESC LIMIT 60"
                ).fetchall()
            except sqlite3.Error as error:
                rows = [("unreadable", str(error))]
        yield "the ledger's last facts", "\n".join(f"{kind} {body}" for kind, body in rows[::-1])
