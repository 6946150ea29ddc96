"""A real server on a free port before the engine in memory; every answer is held against the
OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from argon2 import PasswordHasher

from acd.dispatcher import Dispatcher
from config.settings import HttpSettings
from config.site import load_site
from cti.api.login import LogIn
from cti.api.metrics import Metrics
from cti.api.openapi import build_document
from cti.api.port import CallView, PastCall, Role, UserRecord
from cti.api.routes import OPERATIONS
from cti.api.server import ApiServer
from cti.api.tokens import Tokens
from cti.brain import Step
from cti.changes import ChangesInMemory
from cti.contact_desk import ContactDesk
from cti.facts import (
    CallPhase,
    Capacity,
    Fact,
    QueueRecord,
    Report,
    Resynced,
    SeatCommand,
    SeatRecord,
    SnapshotTaken,
)
from cti.ids import CallId, QueueId, SeatId
from cti.monitor_desk import MonitorDesk
from cti.notices import NoticeBoard
from cti.overlays import RoutingNow
from cti.plans import PlanBoard
from cti.queue_doors import QueueDoors
from cti.runtime.clock import HostClock
from cti.store.contact_texts import StoredContacts
from cti.store.database import Database, database_url
from ivr_flows.hours import Hours
from tests.fakes.ears import Ears
from tests.fakes.engine import START_US, FakeEngine, FakeHistory, FakeUsers
from tests.fakes.messages import FakeMessages

KEY = "k" * 64
PASSWORD = "正确-horse-battery"
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The same algorithm at a thousandth of the work."""
DOCUMENT: dict[str, Any] = build_document(OPERATIONS, "1.2.3")


class FixedSecrets:
    def get(self, name: str, *, length: int = 24) -> str:
        del name, length
        return KEY


def user(name: str, role: Role, seat: str | None = None) -> UserRecord:
    return UserRecord(
        name=name,
        role=role,
        seat=SeatId(seat) if seat else None,
        password_hash=WEAK.hash(PASSWORD),
    )


USERS: dict[Role, str] = {
    "seat": "wangfang",
    "lead": "lead",
    "admin": "admin",
    "auditor": "auditor",
}


def narrate(fact: Fact, language: str) -> str:
    return f"{language}: {type(fact).__name__} {getattr(fact, 'caller_number', '')}"


def call_view(number: int, *, seat: str | None = None) -> CallView:
    return CallView(
        call=CallId(f"jt1-{number}.1"),
        phase=CallPhase.TALKING if seat else CallPhase.WAITING,
        hotline="12345",
        caller_number="13800001111",
        queue=QueueId("repairs"),
        seat=SeatId(seat) if seat else None,
        arrived_us=START_US + number,
        language="zh-CN",
    )


def past_call(number: int, *, seat: str | None = "1001") -> PastCall:
    return PastCall(
        call=CallId(f"jt1-{number}.1"),
        hotline="12345",
        caller_number="13800001111",
        queue=QueueId("repairs"),
        seat=SeatId(seat) if seat else None,
        outcome="answered" if seat else "abandoned",
        ended_by="caller",
        language="zh-CN",
        arrived_us=START_US + number,
        ended_us=START_US + number + 60_000_000,
    )


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The code of a problem."""
        return str(self.json["type"]).removeprefix("urn:jietong:problem:")


@dataclass
class Client:
    """Sends requests; `check` finds the answer's schema in the document and applies it."""

    base: str
    session: aiohttp.ClientSession
    tokens: Tokens
    users: FakeUsers
    seen: set[tuple[str, str, int]] = field(default_factory=set)

    def token(self, role: Role) -> str:
        return self.tokens.issue(self.users.users[USERS[role]])[0]

    def bearer(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(role)}"}

    async def get(self, path: str, role: Role | None = None, **kw: Any) -> Answer:
        return await self.send("GET", path, role, **kw)

    async def post(self, path: str, role: Role | None = None, **kw: Any) -> Answer:
        return await self.send("POST", path, role, **kw)

    async def send(self, method: str, path: str, role: Role | None = None, **kw: Any) -> Answer:
        headers = (self.bearer(role) if role else {}) | kw.pop("headers", {})
        async with self.session.request(
            method, self.base + path, headers=headers, allow_redirects=False, **kw
        ) as got:
            answer = Answer(got.status, got.headers, await got.read())
        check(method, path, answer)
        return answer


def check(method: str, path: str, answer: Answer) -> None:
    """Fails when the document does not allow this answer."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    template = template_of(path.partition("?")[0])
    operation = DOCUMENT["paths"].get(template, {}).get(method.lower()) if template else None
    if operation is None:
        assert answer.status in (404, 405), (method, path, answer.status)
        assert kind == "application/problem+json"
        schema: Any = {"$ref": "#/components/schemas/ProblemAnswer"}
    else:
        allowed = operation["responses"].get(str(answer.status))
        assert allowed is not None, f"{method} {path} -> {answer.status} is not documented"
        name = allowed.get("$ref", "").rpartition("/")[2]
        content = (DOCUMENT["components"]["responses"][name] if name else allowed)["content"]
        assert kind in content, (kind, list(content))
        schema = content[kind]["schema"]
    if kind.endswith("json"):
        validate(schema, json.loads(answer.body))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def template_of(path: str) -> str | None:
    parts = path.split("/")
    for template in DOCUMENT["paths"]:
        wanted = template.split("/")
        if len(wanted) == len(parts) and all(
            w.startswith("{") or w == p for w, p in zip(wanted, parts, strict=True)
        ):
            return str(template)
    return None


def validate(schema: Any, value: Any) -> None:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
    jsonschema_rs.validator_for(whole | {"components": DOCUMENT["components"]}).validate(value)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def history() -> FakeHistory:
    return FakeHistory()


@pytest.fixture
def messages(tmp_path: Path) -> FakeMessages:
    return FakeMessages(tmp_path)


@pytest.fixture
def users() -> FakeUsers:
    return FakeUsers(
        [
            user("wangfang", "seat", "1001"),
            user("lead", "lead"),
            user("admin", "admin"),
            user("auditor", "auditor"),
        ]
    )


@pytest.fixture
def metrics(engine: FakeEngine, contacts: ContactDesk) -> Metrics:
    made = Metrics("1.2.3", ["12345"])
    made.attach(engine)
    made.attach_contacts(contacts.open_ones, HostClock().now_us)
    return made


@pytest.fixture
def told() -> list[Report]:
    """What the board of notices has posted."""
    return []


@pytest.fixture
def board(tmp_path: Path, told: list[Report]) -> NoticeBoard:
    async def speak(texts: Iterable[tuple[str, str]]) -> int:
        return sum("无声" in text for text, _ in texts)

    clock = HostClock()
    return NoticeBoard(
        tmp_path / "notices.json", ["chengbei"], clock, tell=told.append, speak=speak
    )


SITE = """
name: {zh-CN: 热线, en: Hotline}
hotlines: [{number: "12345", flow: main}]
queues:
  repairs: {name: {zh-CN: 报修, en: Repairs}}
  bills: {name: {zh-CN: 账单, en: Bills}}
seats:
  "1001": {name: 王芳, device: PJSIP/1001, queues: [repairs]}
  "1002": {name: 李强, device: PJSIP/1002, queues: [bills]}
notices:
  storm: {texts: {zh-CN: 台风来袭, en: A typhoon}}
plans:
  rush:
    name: {zh-CN: 高峰, en: Rush}
    queues: {repairs: {wrapup_seconds: 0, merged_into: bills}}
    all_seats: {repairs: b}
  disaster:
    name: {zh-CN: 灾害, en: Disaster}
    queues: {repairs: {wrapup_seconds: 5}}
    notices: [storm]
"""


@pytest.fixture
async def routing(tmp_path: Path, told: list[Report]) -> RoutingNow:
    file = tmp_path / "site.yaml"
    file.write_text(SITE, "utf-8")

    async def tell(report: Report) -> None:
        told.append(report)

    site, board, store = load_site(file), PlanBoard(tmp_path / "plans.json"), ChangesInMemory()
    now = RoutingNow(site, board, store, HostClock(), tell=tell, took=lambda site: None)
    await now.start()
    return now


@pytest.fixture
def doors(tmp_path: Path, told: list[Report]) -> QueueDoors:
    """`repairs` has no hours, `bills` is never open by its own."""
    hours = {"never": Hours(UTC, ((),) * 7)}
    queues = {QueueId("repairs"): "", QueueId("bills"): "never"}
    file = tmp_path / "queue-doors.json"
    return QueueDoors(file, queues, hours, HostClock(), tell=told.append)


class LoopOfOne:
    """The dispatcher alone, asked as the engine's loop is."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def ask(self, report: Report) -> Step:
        facts = [one for one in self._dispatcher.handle(report) if isinstance(one, Fact)]
        return Step(tuple(facts), ())


@pytest.fixture
async def contacts(tmp_path: Path) -> AsyncIterator[ContactDesk]:
    """Seat 1001 is signed on, serves `repairs` and takes two texts."""
    seat = SeatRecord(
        SeatId("1001"),
        "王芳",
        "PJSIP/1001",
        (QueueId("repairs"),),
        capacity=(Capacity("text", 2),),
    )
    queues = [QueueRecord(QueueId(name), 15_000_000, 0) for name in ("repairs", "bills")]
    dispatcher = Dispatcher([seat], queues)
    for fact in (
        SnapshotTaken(at=1),
        Resynced(at=2),
        SeatCommand(at=3, seat=seat.id, wish="sign-on"),
    ):
        list(dispatcher.handle(fact))
    database = Database(database_url("", tmp_path))
    await database.upgrade()

    async def safe() -> None:
        """This loop writes nothing down."""

    loop, records = LoopOfOne(dispatcher), StoredContacts(database)
    yield ContactDesk(loop, dispatcher, HostClock(), records, safe)
    await database.close()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def monitors(ears: Ears) -> MonitorDesk:
    return ears.desk


@pytest.fixture
async def server(  # noqa: PLR0917 - fixtures
    engine: FakeEngine,
    history: FakeHistory,
    users: FakeUsers,
    metrics: Metrics,
    board: NoticeBoard,
    routing: RoutingNow,
    doors: QueueDoors,
    contacts: ContactDesk,
    monitors: MonitorDesk,
    messages: FakeMessages,
) -> AsyncIterator[tuple[ApiServer, str]]:
    api = ApiServer(
        HttpSettings(host="127.0.0.1", port=0, allowed_hosts=[], token_minutes=30),
        engine,
        history,
        users=users,
        secrets=FixedSecrets(),
        metrics=metrics,
        notices=board,
        routing=routing,
        doors=doors,
        contacts=contacts,
        monitors=monitors,
        narrate=narrate,
        log_in=LogIn(users, hasher=WEAK),
        messages=messages,
    )
    host, port = await api.start()
    yield api, f"http://{host}:{port}"
    await api.stop()


@pytest.fixture
async def client(server: tuple[ApiServer, str], users: FakeUsers) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(server[1], session, Tokens(KEY, 1800), users)
