"""Which files of the spool are recordings of ours, and which are complete."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from recording.errors import SegmentUnusable
from recording.spool import Look, found_in, is_ours, look

NAME = "jt1-1.1--offer.1001.5.raw"


@pytest.mark.parametrize(
    "name",
    [
        "../jt1-1.1--offer.1001.5.raw",
        "/etc/a--b.raw",
        "a/b--c.raw",
        "a--b.raw\0",
        "\0a--b.raw",
        "a--b.wav",
        "--b.raw",
        "a--.raw",
        "",
        "..",
    ],
)
def test_name_that_leads_elsewhere_is_not_ours(name: str) -> None:
    assert not is_ours(name)


def test_found_are_our_names_in_order(tmp_path: Path) -> None:
    for name in ("b--x.raw", "a--x.raw", "note.txt", "stranger.raw"):
        (tmp_path / name).touch()
    assert found_in(tmp_path) == ["a--x.raw", "b--x.raw"]
    assert found_in(tmp_path / "nowhere") == []


def test_file_open_for_writing_is_told_from_one_that_is_closed(tmp_path: Path) -> None:
    raw = tmp_path / NAME
    with raw.open("wb") as written:
        written.write(b"\0" * 400)
        during = look(raw)
    after = look(raw)
    assert during is not None
    assert after is not None
    assert (during.written, during.size) == (True, 0)
    assert (after.written, after.size) == (False, 400)


def test_where_the_system_does_not_tell_it_is_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: int) -> int:
        raise PermissionError

    monkeypatch.setattr(fcntl, "fcntl", refused)
    (tmp_path / NAME).write_bytes(b"1234")
    seen = look(tmp_path / NAME)
    assert isinstance(seen, Look)
    assert seen.written is None


def test_missing_file_is_none_and_a_link_is_refused(tmp_path: Path) -> None:
    assert look(tmp_path / NAME) is None
    (tmp_path / NAME).symlink_to("/etc/hostname")
    with pytest.raises(SegmentUnusable):
        look(tmp_path / NAME)
