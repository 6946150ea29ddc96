"""YAML files: limits, line numbers, and what a hostile or careless file cannot do."""

from __future__ import annotations

import time
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
        (b"a: 1\nb: [1,\n", ":3:1: a value is missing, or a bracket above is not closed"),
        (b"a: 1\nb: {c: 1\n d: 2}\n", ":3:3: the bracket of line 2, column 4 is not closed"),
        (b"a: 1\nb: {c: 1\n", ":3:1: the bracket of line 2, column 4 is not closed"),
        (b"a: 1\n\tb: 2\n", ":2:1: a tab; YAML is indented with blanks"),
        (b"a:\n  b: 1\n\tc: 2\n", ":3:1: a tab; YAML is indented with blanks"),
        (b"a: 1\nb: 2\na: 3\n", ":3:1: the key 'a' is written twice"),
        (b"a:\n  b: {c: 1, c: 2}\n", ":2:13: the key 'c' is written twice"),
        (b"a: 1\nb\nc: 2\n", ":3:1: an entry above has no colon after its key"),
        (b"a: b: c\n", ":1:5: a second colon in one entry"),
        ("文: 一\n  字: 二\n".encode(), ":2:4: a second colon in one entry, or an entry that is"),
        (b"a: @b\n", ":1:4: text that begins with @ stands in quotes"),
        (b"a:\n  *: b\n", ":2:4: text that begins with * stands in quotes"),
        (b"a: *b\n", ":1:4: there is no &b above; text that begins with * stands in quotes"),
        (b"a: 'b\n", ":2:1: quotes that are not closed"),
        (b"- a\n- b\n", ":1:1: must be a mapping"),
        (b"just text", ":1:1: must be a mapping"),
        (b"a: 1\nbc: \xff\xfe", ":2:5: is not UTF-8 text; save the file with the encoding UTF-8"),
        ("a: 1\n文: 中".encode("gb18030"), ":2:1: is not UTF-8 text"),
        ("a: 1\n".encode("utf-16"), ":1:1: is not UTF-8 text"),
        ("文: 一\n字: \x00".encode(), ":2:4: a control character (U+0000) is not allowed"),
        (b"a: 1\n---\nb: 2\n", ":2:1: a second document"),
        (b"a: !!python/object/apply:os.system [id]\n", ":1:4: "),
        (b"? [1, 2]\n: 3\n", ":1:3: a key must be a plain word"),
        (b"a: 2026-02-30\n", ": is not YAML (day is out of range for month)"),
    ],
)
def test_what_is_not_a_plain_mapping_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert refusal(tmp_path, content).startswith(said)


def test_a_file_larger_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    content = b"a: " + b"x" * MAX_FILE_BYTES
    assert refusal(tmp_path, content) == ": is larger than 4 MiB"


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"[a, "])
def test_a_file_nested_without_end_is_refused(tmp_path: Path, opening: bytes) -> None:
    assert "nested too deeply" in refusal(tmp_path, b"a: " + opening * 500_000)


def test_a_reference_to_itself_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(tmp_path, b"a: &a [*a]")


def test_merged_references_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]
    assert "reference" in refusal(tmp_path, "\n".join(lines).encode())


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
    assert content.where(("a", "b", 1, "c")) == f"{file}:4:10"
    assert content.where(("a", "b", 1, "c"), key=True) == f"{file}:4:7"
    assert content.where(("a", "b", 1, "missing")) == f"{file}:4:7"
    assert content.where(("a", "z")) == f"{file}:1:1"
    assert content.where(("z",)) == str(file)


def test_a_part_of_a_file_knows_its_places_in_the_whole(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a:\n  b:\n    c: 1\n")
    part = read_yaml(file).below("a").below("b")
    assert part.where(("c",)) == f"{file}:3:8"
    assert part.where(("d",)) == f"{file}:2:3"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\r\nb: 2\r\n", encoding="utf-8-sig", newline="")
    content = read_yaml(file)
    assert content.values == {"a": 1, "b": 2}
    assert content.where(("a",), key=True) == f"{file}:1:1"
    assert content.where(("b",)) == f"{file}:2:4"


def test_chinese_text_counts_by_characters(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("文: {字: 一, 词: 二}\n", encoding="utf-8")
    assert read_yaml(file).where(("文", "词")) == f"{file}:1:14"


def test_a_file_with_ten_thousand_entries_is_read_in_seconds(tmp_path: Path) -> None:
    entry = (
        "  s{0}:\n    do: menu\n    say: {{zh-CN: 请按一, en: Press one}}\n    keys:\n      1: s0\n"
    )
    file = tmp_path / "f.yaml"
    file.write_text("steps:\n" + "".join(entry.format(n) for n in range(10_000)), encoding="utf-8")
    began = time.process_time()
    content = read_yaml(file)
    assert time.process_time() - began < 8
    assert content.where(("steps", "s9999", "keys", "1")) == f"{file}:50001:10"
