"""YAML files: limits, line numbers, and what a hostile or careless file cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.yaml_file import MAX_FILE_BYTES, read_yaml


def refusal(folder: Path, content: bytes) -> str:
    file = folder / "f.yaml"
    file.write_bytes(content)
    with pytest.raises(SettingsRefused) as refused:
        read_yaml(file)
    return str(refused.value).removeprefix(str(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: [1,\n", ":3: "),
        (b"a: 1\n\tb: 2\n", ":2: "),
        (b"a: 1\nb: 2\na: 3\n", ":3: the key 'a' is written twice"),
        (b"- a\n- b\n", ":1: must be a mapping"),
        (b"just text", ":1: must be a mapping"),
        (b"a: \xff\xfe", ": is not UTF-8 text"),
        (b"a: \x00", ": is not YAML"),
        (b"a: 1\n---\nb: 2\n", ":2: "),
        (b"a: !!python/object/apply:os.system [id]\n", ":1: "),
        (b"? [1, 2]\n: 3\n", ":1: "),
        (b"a: *nothing\n", ":1: "),
    ],
)
def test_what_is_not_a_plain_mapping_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert refusal(tmp_path, content).startswith(said)


def test_a_file_larger_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    content = b"a: " + b"x" * MAX_FILE_BYTES
    assert refusal(tmp_path, content) == ": is larger than 4 MiB"


def test_a_file_nested_without_end_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(tmp_path, b"a: " + b"[" * 50_000)


def test_references_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "reference" in refusal(tmp_path, "\n".join(lines).encode())


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("# nothing yet\n")
    assert read_yaml(file).values == {}


def test_a_place_is_named_by_the_nearest_key_that_is_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a:\n  b:\n    - x\n    - c: 1\n")
    content = read_yaml(file)
    assert content.where(("a", "b", 1, "c")) == f"{file}:4"
    assert content.where(("a", "b", 1, "missing")) == f"{file}:4"
    assert content.where(("a", "z")) == f"{file}:1"
    assert content.where(("z",)) == str(file)
