"""Customers from a CSV file: every line is checked before any is taken in.

    account,name,language,class,area,notes,numbers
    10000001,张三,zh-CN,home,chengbei,,13800001111 010-62345678

Columns in any order, the first two must be there; numbers apart by blanks or semicolons. UTF-8, or
GB 18030 as spreadsheets on Chinese machines write it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service_desk.customers import Customer
from service_desk.errors import ImportRefused, LineWrong
from service_desk.numbers import normal_number

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_NUMBERS: Final = 20
LANGUAGES: Final = ("", "zh-CN", "en")
_COLUMNS: Final = {
    "account": "account", "户号": "account", "name": "name", "姓名": "name",
    "language": "language", "语言": "language", "class": "kind", "类别": "kind",
    "area": "area", "区域": "area", "notes": "notes", "备注": "notes",
    "numbers": "numbers", "电话": "numbers",
}  # fmt: skip
_LONGEST: Final = {"name": 100, "kind": 32, "area": 64, "notes": 1000}
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins like this (OWASP, CSV injection): such a text would wait in
our lists for the next one who exports them."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def read_customers(file: Path) -> tuple[Customer, ...]:
    """The customers in `file`. Raises ImportRefused naming every line that is wrong."""
    try:
        with file.open("rb") as source:
            content = source.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(file, f"cannot be read ({error.strerror or error})") from error
    if len(content) > MOST_BYTES:
        raise _refused(file, f"has more than {MOST_BYTES // 1024 // 1024} MB")
    return _Reading(file).customers(_decoded(file, content))


def _decoded(file: Path, content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused(file, "is neither UTF-8 nor GB 18030")


def _refused(file: Path, why: str) -> ImportRefused:
    return ImportRefused(file, (LineWrong(1, "", why),))


class _Reading:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._wrong: list[LineWrong] = []
        self._accounts: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def customers(self, text: str) -> tuple[Customer, ...]:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        found: list[Customer] = []
        try:
            columns = self._columns(next(rows, []))
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    found.extend(self._customer(rows.line_num, columns, cells))
        except csv.Error as error:
            self._wrong.append(LineWrong(rows.line_num, "", str(error)))
        if self._wrong:
            raise ImportRefused(self._file, tuple(self._wrong))
        return tuple(found)

    def _columns(self, heading: list[str]) -> list[str]:
        columns = [_COLUMNS.get(name.strip().lower(), "") for name in heading]
        for name, column in zip(heading, columns, strict=True):
            if not column:
                known = ", ".join(name for name in _COLUMNS if name.isascii())
                self._say(1, name[:32], f"is no column; known: {known}")
        for column in ("account", "name"):
            if column not in columns:
                self._say(1, column, "this column is missing")
        if len(set(columns)) < len(columns) and all(columns):
            self._say(1, "", "a column is there twice")
        if self._wrong:
            raise ImportRefused(self._file, tuple(self._wrong))
        return columns

    def _customer(self, line: int, columns: list[str], cells: list[str]) -> Iterator[Customer]:
        if len(cells) != len(columns):
            self._say(line, "", f"has {len(cells)} cells, the heading {len(columns)}")
            return
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
        before = len(self._wrong)
        self._check_texts(line, row)
        account = row["account"]
        if _ACCOUNT.fullmatch(account) is None:
            self._say(line, "account", "1 to 32 letters, digits and dashes, please")
        elif account in self._accounts:
            self._say(line, "account", f"is on line {self._accounts[account]} already")
        self._accounts.setdefault(account, line)
        numbers = self._numbers_of(line, row.pop("numbers", ""))
        if len(self._wrong) == before:
            yield Customer(**row, numbers=numbers)

    def _check_texts(self, line: int, row: dict[str, str]) -> None:
        if not row["name"]:
            self._say(line, "name", "is empty")
        if row.get("language", "") not in LANGUAGES:
            self._say(line, "language", "write zh-CN, en, or nothing")
        for column, longest in _LONGEST.items():
            text = row.get(column, "")
            if len(text) > longest:
                self._say(line, column, f"has more than {longest} characters")
            elif _CONTROL.search(text):
                self._say(line, column, "has a line break or a control character")
            elif text.startswith(_FORMULA):
                self._say(line, column, f"begins with {text[0]!r}: a spreadsheet would run it")

    def _numbers_of(self, line: int, text: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for written in re.split(r"[;,；，\s]+", text):
            if not written:
                continue
            number = normal_number(written)
            if number is None:
                self._say(line, "numbers", f"{written[:24]!r} is no telephone number")
            elif number not in found and number in self._numbers:
                self._say(line, "numbers", f"{number} is on line {self._numbers[number]} already")
            else:
                self._numbers[number] = line
                found[number] = None
        if len(found) > MOST_NUMBERS:
            self._say(line, "numbers", f"more than {MOST_NUMBERS} of them")
        return tuple(found)

    def _say(self, line: int, column: str, why: str) -> None:
        self._wrong.append(LineWrong(line, column, why))
