"""Dependencies point inward. Every import of the repository is read from its source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = (
    "cti",
    "acd",
    "ivr_flows",
    "recording",
    "kpi",
    "service_desk",
    "softphone_bridge",
    "config",
)
PURE: Final = (
    "cti/facts/",
    "cti/effects.py",
    "cti/ids.py",
    "cti/errors.py",
    "cti/brain.py",
    "cti/calls/",
    "cti/ami/translate.py",
    "acd/",
    "recording/rules.py",
    "kpi/told_waits.py",
    "ivr_flows/model.py",
    "ivr_flows/state.py",
    "ivr_flows/actions.py",
    "ivr_flows/interpreter.py",
    "ivr_flows/walk.py",
    "ivr_flows/handlers/",
    "ivr_flows/steps.py",
    "ivr_flows/says.py",
    "ivr_flows/templates.py",
    "ivr_flows/conditions.py",
    "ivr_flows/check_digits.py",
    "ivr_flows/world.py",
    "ivr_flows/notices.py",
    "ivr_flows/hours.py",
    "ivr_flows/reading.py",
    "ivr_flows/rehearsal.py",
    "ivr_flows/site_parts.py",
    "ivr_flows/drawing/graph.py",
    "ivr_flows/drawing/lettering.py",
    "ivr_flows/drawing/traffic.py",
    "ivr_flows/drawing/words.py",
    "ivr_flows/lint.py",
    "ivr_flows/lint_rules/",
    "ivr_flows/sayings/",
    "ivr_flows/speech/rest.py",
    "ivr_flows/speech/text.py",
    "ivr_flows/speech/texts.py",
    "service_desk/answers.py",
    "service_desk/breaker.py",
    "service_desk/lookups.py",
)
"""Takes reports and time, returns facts and effects."""
SHARED: Final = frozenset({"cti.facts", "cti.effects", "cti.ids", "cti.errors"})
"""Where rooms meet."""
IMPURE_STANDARD: Final = frozenset(
    {
        "asyncio", "concurrent", "http", "multiprocessing", "os", "pathlib", "queue", "random",
        "secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl",
        "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
    }
)  # fmt: skip
PURE_PARTS: Final = frozenset({"urllib.parse"})
"""Modules of them that only compute."""
CLOCK_READS: Final = frozenset({"now", "utcnow", "today"})
ONLY_IN: Final = {
    "panoramisk": ("cti/ami/link.py", "cti/ami/protocol.py", "cti/agi/"),
    "sqlalchemy": ("cti/store/",),
    "alembic": ("cti/store/",),
    # launch and demo are programs of their own: clients of the API.
    "aiohttp": (
        "cti/api/",
        "cti/app.py",
        "cti/launch.py",
        "cti/demo.py",
        "cti/notices_cli.py",
        "ivr_flows/speech/http.py",
        "service_desk/http.py",
        "service_desk/samples/",
    ),
    "phonenumbers": ("service_desk/numbers.py",),
    "aiohttp_pydantic": ("cti/api/",),
    "asterisk": ("cti/doctor.py", "cti/doctor_pbx.py"),
}
"""Libraries that one place of ours speaks to. `asterisk` is the package of asterisk-ami."""


@dataclass(frozen=True)
class Import:
    """`from module import name`, or `import module` with an empty name."""

    module: str
    name: str = ""

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def imports_in(tree: ast.AST, path: str) -> Iterator[Import]:
    package = path.removesuffix(".py").split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: -node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (Import(module, alias.name) for alias in node.names)


def reads_clock(tree: ast.AST) -> bool:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in CLOCK_READS for call in calls)


def within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or (place[-1] == "/" and path.startswith(place)) for place in places)


def file_of(one: Import) -> str:
    """Our file that an import names: `from cti.calls import recovery` names a module too."""
    folder = one.module.replace(".", "/")
    inside = f"{folder}/{one.name}.py"
    if one.name and (ROOT / inside).exists():
        return inside
    return f"{folder}.py" if (ROOT / f"{folder}.py").exists() else f"{folder}/__init__.py"


def room(path: str) -> str:
    """`cti/calls/call.py` lives in cti/calls, `acd/seats.py` in acd, `cti/app.py` in cti."""
    parts = path.split("/")[:-1]
    return "/".join(parts[:2]) if parts[0] == "cti" else parts[0]


def breaches(path: str, source: str) -> list[str]:
    """What the file at `path` (from the root) imports or calls against the rules."""
    tree = ast.parse(source)
    found = []
    pure = within(path, PURE)
    for one in imports_in(tree, path):
        for library, places in ONLY_IN.items():
            if one.top == library and not within(path, places):
                found.append(f"{path}: {library} belongs to {', '.join(places)}")
        if not pure:
            continue
        if one.top not in ROOMS:
            impure = one.top in IMPURE_STANDARD and one.module not in PURE_PARTS
            if one.top not in sys.stdlib_module_names or impure:
                found.append(f"{path}: a pure module imports {one.module}")
            continue
        target = file_of(one)
        if not within(target, PURE) and not target.endswith("/errors.py"):
            found.append(f"{path}: a pure module imports {target}, which is not pure")
        module = target.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        shared = module in SHARED
        if room(target) != room(path) and not shared:
            found.append(f"{path}: the inside of another room: {target}")
    if pure and reads_clock(tree):
        found.append(f"{path}: a pure module reads the clock")
    return sorted(set(found))


def sources() -> list[str]:
    files = (file for name in ROOMS for file in (ROOT / name).rglob("*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


def test_every_file_keeps_the_boundaries() -> None:
    found = [line for path in sources() for line in breaches(path, (ROOT / path).read_text())]
    assert not found, "\n".join(found)


def test_the_named_pure_modules_exist() -> None:
    assert [place for place in PURE if not (ROOT / place).exists()] == []
    assert len([path for path in sources() if within(path, PURE)]) > 15


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("acd/seats.py", "import asyncio"),
        ("acd/seats.py", "from time import monotonic"),
        ("acd/seats.py", "def f():\n    import random"),
        ("acd/seats.py", "from datetime import datetime\nx = datetime.now()"),
        ("acd/seats.py", "import structlog"),
        ("acd/seats.py", "import urllib.request"),
        ("acd/seats.py", "from cti.calls.call import Call"),
        ("acd/seats.py", "from cti.calls import call"),
        ("acd/seats.py", "from cti import app"),
        ("acd/seats.py", "from cti.facts.seats import SeatState"),
        ("cti/calls/call.py", "from acd.seats import Seat"),
        ("cti/calls/call.py", "from ..ami import link"),
        ("cti/calls/call.py", "from cti.brain import Brain"),
        ("cti/ami/translate.py", "from cti.ami.link import AmiLink"),
        ("cti/brain.py", "from acd.dispatcher import Dispatcher"),
        ("recording/rules.py", "from recording.segment import Segment"),
        ("ivr_flows/interpreter.py", "import yaml"),
        ("cti/api/server.py", "from sqlalchemy import select"),
        ("cti/store/ledger.py", "from aiohttp import web"),
        ("cti/app.py", "import panoramisk"),
        ("cti/ami/link.py", "from asterisk.ami import AMIClient"),
    ],
)
def test_planted_breach_is_found(path: str, source: str) -> None:
    assert breaches(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("acd/seats.py", "from cti.facts import Fact\nfrom acd.queues import WaitingLine"),
        ("acd/seats.py", "from urllib.parse import quote"),
        ("cti/calls/call.py", "from collections import deque\nfrom cti.calls import recovery"),
        ("cti/calls/call.py", "from . import phase\nfrom ..ids import CallId"),
        ("cti/ami/link.py", "import panoramisk"),
        ("cti/runtime/loop.py", "import asyncio\nfrom cti.brain import Brain"),
    ],
)
def test_what_is_allowed_is_no_breach(path: str, source: str) -> None:
    assert breaches(path, source) == []
