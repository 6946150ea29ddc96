"""`cti notices` against a real server: what a lead types, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from cti.api.server import ApiServer
from cti.cli import app
from cti.errors import JietongError
from cti.notices import NoticeBoard
from tests.contract.api.conftest import PASSWORD

Type = Callable[..., Awaitable[Result]]
SITE: Final = Path(__file__).parents[3] / "config/sites/demo-water/site.yaml"
WRITE: Final = ("write", "burst", "--zh", "城北停水。", "--en", "No water [north/].")


@pytest.fixture
def typed(server: tuple[ApiServer, str], tmp_path: Path) -> Type:
    """`cti notices ...` with the password in the environment."""
    settings = tmp_path / "settings.yaml"
    port = urlsplit(server[1]).port
    settings.write_text(
        f"site: {SITE}\nstate_dir: {tmp_path}\nhttp: {{host: 127.0.0.1, port: {port}}}\n", "utf-8"
    )

    async def run(*words: str, password: str | None = PASSWORD) -> Result:
        # A thread of its own: the command has an event loop of its own.
        env = {"CTI_SETTINGS": str(settings), "CTI_PASSWORD": password, "COLUMNS": "200"}
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(app, ["notices", *words], env=env)
        )

    return run


async def test_written_switched_listed_and_removed(typed: Type, board: NoticeBoard) -> None:
    written = await typed(*WRITE, "--area", "chengbei", "--until", "2099-11-23 20:00")
    assert written.exit_code == 0
    assert "burst: off 未开启" in written.stdout
    notice = board.all()[0].notice
    assert notice.areas == {"chengbei"}
    until = datetime(2099, 11, 23, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert notice.until_us == until.timestamp() * 1e6
    assert "burst: on" in (await typed("on", "burst")).stdout
    assert [one.id for one in board.active()] == ["burst"]
    listed = (await typed("list")).stdout
    assert all(word in listed for word in ("burst", "No water [north/].", "2099-11-23 20:00"))
    assert "burst: off" in (await typed("off", "burst")).stdout
    assert board.active() == ()
    assert (await typed("remove", "burst")).exit_code == 0
    assert board.all() == ()


async def test_text_that_nobody_can_speak_is_told(typed: Type) -> None:
    await typed("write", "quiet", "--zh", "无声")
    assert "no voice" in (await typed("on", "quiet")).stdout


@pytest.mark.parametrize(
    ("words", "password", "why"),
    [
        (("on", "nowhere"), PASSWORD, "there is no notice 'nowhere'"),
        ((*WRITE, "--area", "chengnan"), PASSWORD, "there is no area 'chengnan'; known: chengbei"),
        (WRITE[:2], PASSWORD, "texts"),
        ((*WRITE, "--until", "2020-01-01"), PASSWORD, "has ended already"),
        ((*WRITE, "--user", "wangfang"), PASSWORD, "role"),
        (("list",), "wrong", "password"),
        (("list",), None, "set CTI_PASSWORD"),
    ],
)
async def test_what_is_refused_is_said_in_a_line(
    typed: Type, board: NoticeBoard, words: tuple[str, ...], password: str | None, why: str
) -> None:
    refused = await typed(*words, password=password)
    assert isinstance(refused.exception, JietongError)
    assert why in str(refused.exception)
    assert board.all() == ()


async def test_daemon_that_is_away_is_told(
    typed: Type, server: tuple[ApiServer, str], board: NoticeBoard
) -> None:
    await server[0].stop()
    away = await typed("list")
    assert isinstance(away.exception, JietongError)
    assert "does not answer" in str(away.exception)


@pytest.mark.parametrize("name", ["a/../b", "Burst", "", "x" * 33])
async def test_name_that_is_none_is_refused_here(typed: Type, name: str) -> None:
    refused = await typed("on", name)
    assert refused.exit_code == 2
    assert "a-z" in refused.output
