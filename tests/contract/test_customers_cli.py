"""`cti customers`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cti.customers_cli import NumbersTaken, customers_app
from service_desk.errors import ImportRefused

CSV = """account,name,language,numbers
10000001,张三,zh-CN,13800001111 010-62345678
10000002,李四,en,1001
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CTI_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "customers.csv").write_text(CSV, "utf-8")
    return tmp_path


def run(*arguments: str, answer: str = "") -> str:
    result = CliRunner().invoke(
        customers_app, list(arguments), input=answer, catch_exceptions=False
    )
    return str(result.output)


def test_preview_changes_nothing_and_import_asks_first(folder: Path) -> None:
    file = str(folder / "customers.csv")
    assert "new: 2 (10000001, 10000002)" in run("import", file, "--preview")
    assert "imported" not in run("import", file, answer="n\n")
    assert "张三" not in run("list")
    assert "imported: 2" in run("import", file, answer="y\n")
    assert "the same: 2" in run("import", file, "--yes")


def test_list_finds_a_number_however_it_is_written(folder: Path) -> None:
    run("import", str(folder / "customers.csv"), "--yes")
    found = run("list", "--number", "+86 138 0000 1111")
    assert "张三" in found
    assert "李四" not in found
    assert "more: --after 10000001" in run("list", "--limit", "1")


def test_wrong_lines_and_numbers_of_others_are_refused(folder: Path) -> None:
    run("import", str(folder / "customers.csv"), "--yes")
    other = folder / "other.csv"
    other.write_text("account,name,numbers\n3,x,1001\n")
    with pytest.raises(NumbersTaken, match="1001 belongs to account 10000002"):
        run("import", str(other), "--yes")
    other.write_text("account,name\n3,=x\n")
    with pytest.raises(ImportRefused, match="line 2, name"):
        run("import", str(other), "--yes")
