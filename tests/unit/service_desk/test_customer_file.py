"""Customers from CSV: what is taken, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.customer_file import read_customers
from service_desk.customers import Customer
from service_desk.errors import ImportRefused


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "customers.csv"
    file.write_bytes(text.encode(encoding))
    return file


ZHANG = Customer(
    account="10000001",
    name="张三",
    language="zh-CN",
    area="chengbei",
    numbers=("+8613800001111", "+861062345678"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "heading",
    [
        "account,name,language,area,numbers",
        "户号,姓名,语言,区域,电话",
        " Account ,NAME,language,area,numbers",
    ],
)
def test_columns_are_known_in_both_languages_and_encodings(
    tmp_path: Path, heading: str, encoding: str
) -> None:
    text = f"{heading}\r\n10000001,张三,zh-CN,chengbei,138-0000-1111; 010-62345678\r\n\r\n"
    assert read_customers(written(tmp_path, text, encoding)) == (ZHANG,)


def test_every_wrong_line_is_named_and_nothing_is_taken(tmp_path: Path) -> None:
    text = (
        "account,name,language,notes,numbers\n"
        "1,张三,zh-CN,,13800001111\n"
        "2,,fr,,abc\n"
        "1,李四,en,,13900001111\n"
        "3,王五,,,+8613800001111\n"
        "4,=cmd|' /C calc'!A0,,,\n"
        '5,"two\nlines",,,\n'
        "6,x\n"
        "../7,x,,,\n"
        "8,x,,@SUM(1),\n"
    )
    with pytest.raises(ImportRefused) as refused:
        read_customers(written(tmp_path, text))

    found = {(one.line, one.column) for one in refused.value.wrong}
    assert found == {
        (3, "name"), (3, "language"), (3, "numbers"), (4, "account"), (5, "numbers"), (6, "name"),
        (8, "name"), (9, ""), (10, "account"), (11, "notes"),
    }  # fmt: skip
    assert "line 4, account: is on line 2 already" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this column is missing"),
        ("account\n1\n", "this column is missing"),
        ("account,name,shoe\n1,x,42\n", "is no column"),
        ("account,name,name\n1,x,y\n", "twice"),
        ('account,name\n1,"x\n', "unexpected end of data"),
        ("account,name\n1," + "x" * 200_000, "field larger"),
    ],
)
def test_file_that_is_no_list_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ImportRefused, match=why):
        read_customers(written(tmp_path, text))


def test_absent_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="No such file"):
        read_customers(tmp_path / "none.csv")
    file = tmp_path / "x.csv"
    file.write_bytes(b"\xff\xfe\x00\xff")
    with pytest.raises(ImportRefused):
        read_customers(file)


@given(st.binary(max_size=400))
def test_no_file_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(b"account,name,numbers\n" + content)
    try:
        for one in read_customers(file):
            assert one.account
            assert one.name
    except ImportRefused:
        pass
