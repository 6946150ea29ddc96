"""The example sites speak: every text and prompt of their flows has its sound, in a natural voice.

When a text has changed: `cti prompts build --prune --site SITE` (docs/prompts.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cti.cli import app
from ivr_flows.speech.kept import Kept

SITES = sorted((Path(__file__).parents[3] / "config/sites").glob("*/site.yaml"))


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.parent.name)
def test_everything_that_is_said_has_its_sound(site: Path, tmp_path: Path) -> None:
    # A state folder of its own: what some daemon has spoken here meanwhile does not count.
    checked = CliRunner().invoke(
        app,
        ["prompts", "check", "--lang", "en", "--site", str(site)],
        env={"CTI_STATE_DIR": str(tmp_path)},
        catch_exceptions=False,
    )
    assert checked.exit_code == 0, checked.output
    kept = Kept(site.parent / "spoken")
    assert {entry.engine for entry in kept.entries.values()} == {"kokoro"}
