"""Secrets: made once, shared by processes, readable by their owner only."""

from __future__ import annotations

import multiprocessing
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.secrets import Secrets

NAMES = [f"name-{n}" for n in range(20)]


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "state" / "secrets.json"
    made = Secrets(file).get("ami")
    assert len(made) >= 32
    assert Secrets(file).get("ami") == made
    assert Secrets(file).get("other") != made


def test_what_another_process_has_made_since_is_found(tmp_path: Path) -> None:
    early, late = Secrets(tmp_path / "s.json"), Secrets(tmp_path / "s.json")
    assert early.get("a") == late.get("a")
    assert late.get("b") == early.get("b")
    assert Secrets(tmp_path / "s.json").get("a") == early.get("a")


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    Secrets(tmp_path / "s.json").get("a")
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def _ask_for_all(file: Path, barrier: Barrier, results: multiprocessing.Queue[list[str]]) -> None:
    secrets = Secrets(file)
    barrier.wait()
    results.put([secrets.get(name) for name in NAMES])


def test_processes_that_ask_at_once_get_the_same_secrets(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(3), context.Queue()
    processes = [
        context.Process(target=_ask_for_all, args=(tmp_path / "s.json", barrier, results))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    answers = [results.get(timeout=20) for _ in processes]
    for process in processes:
        process.join(20)
    assert answers[0] == answers[1] == answers[2]
    assert len(set(answers[0])) == len(NAMES)


@pytest.mark.parametrize(
    "content", [b"", b'{"ami": "x', b"[]", b'{"ami": 1}', b"\xff\xfe\x00", b"null"]
)
def test_a_damaged_file_is_refused_by_name_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "secrets.json"
    file.write_bytes(content)
    with pytest.raises(SettingsRefused, match=r"secrets\.json: is damaged.*; restore it"):
        Secrets(file)
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "state" / "secrets.json")
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(SettingsRefused, match=r"secrets\.json: cannot be written"):
        secrets.get("ami")
