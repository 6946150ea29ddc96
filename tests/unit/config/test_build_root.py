"""build-root.sh refuses what must not be built. apt is played by two small scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "docker" / "asterisk" / "build-root.sh"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("dpkg", "dpkg-deb", "flock")))
    or not Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists(),
    reason="build-root.sh works on Debian and its relatives",
)

APT_GET = """#!/bin/sh
case "$*" in
    *update*) exit ${FAKE_UPDATE:-0} ;;
    *install*) echo "Inst asterisk ($FAKE_VERSION sid)" ;;
    *download*) exit 100 ;;
esac
"""
APT_CACHE = """#!/bin/sh
printf 'Package: asterisk\\nVersion: 1:%s+dfsg-1\\nSize: 1000000\\n' "$FAKE_VERSION"
"""


def build(folder: Path, version: str, **environment: str) -> subprocess.CompletedProcess[str]:
    tools = folder / "tools"
    tools.mkdir()
    for name, text in (("apt-get", APT_GET), ("apt-cache", APT_CACHE)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return subprocess.run(
        [SCRIPT, folder / "root"],
        env={
            "PATH": f"{tools}:{os.environ['PATH']}",
            "FAKE_VERSION": version,
            "APT_MIRROR": "http://archive.invalid/debian",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("version", ["20.12.0", "22.7.2", "22.11.0", "23.0.0", "22.1.0"])
def test_version_outside_the_supported_range_is_refused(tmp_path: Path, version: str) -> None:
    answer = build(tmp_path, version)
    assert answer.returncode == 69
    assert version in answer.stderr
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("version", ["22.8.0", "22.9.1", "22.10.1", "22.11.1", "22.12.0"])
def test_supported_version_is_fetched_and_a_failed_download_leaves_no_root(
    tmp_path: Path, version: str
) -> None:
    answer = build(tmp_path, version)
    assert f"Asterisk {version}: downloading" in answer.stdout
    assert answer.returncode == 69
    assert "could not be fetched" in answer.stderr
    assert not (tmp_path / "root").exists()


def test_unreachable_archive_is_named(tmp_path: Path) -> None:
    answer = build(tmp_path, "22.10.1", FAKE_UPDATE="100")
    assert answer.returncode == 69
    assert "archive.invalid" in answer.stderr


def test_left_over_of_a_killed_build_does_not_count_as_a_root(tmp_path: Path) -> None:
    left_over = tmp_path / "root.partial" / "root"
    left_over.mkdir(parents=True)
    (left_over / ".jietong-root").write_text("asterisk=22.10.1\n")
    answer = build(tmp_path, "22.10.1")
    assert "[1/4]" in answer.stdout
    assert not (left_over / ".jietong-root").exists()
