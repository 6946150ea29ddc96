"""`cti contacts` against a running daemon, as it is typed."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tests.acceptance.hotline import ROOT, Hotline, hotline


async def cti(line: Hotline, *words: str) -> str:
    """What the command prints. Fails when it fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", *words, "--settings", str(line.settings_file)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"COLUMNS": "200", "PATH": ""},
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_added_listed_shown_and_closed(tmp_path: Path, asterisk_root: Path) -> None:
    async with hotline(tmp_path, root_dir=asterisk_root) as line:
        said = await cti(
            line,
            "contacts",
            "add",
            "mail",
            "repairs",
            "a@example.com",
            "停水了 [b]",
            "--subject",
            "水",
        )
        found = re.match(r"contact\.[0-9a-f]+", said)
        assert found is not None, said
        assert "mail, waiting, queue repairs" in said
        listed = await cti(line, "contacts", "list")
        assert found[0] in listed
        assert "a@example.com" in listed
        shown = await cti(line, "contacts", "show", found[0])
        assert "停水了 [b]" in shown
        assert "closed" in await cti(line, "contacts", "close", found[0])
        assert "nothing is open" in await cti(line, "contacts", "list")
        assert "closed" in await cti(line, "contacts", "list", "--all")
