"""The OpenAPI document says what the server does: nothing more, nothing less."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cti.api.access import ROLES, Rule
from cti.api.routes import OPERATIONS
from cti.api.server import ApiServer
from tests.contract.api.conftest import DOCUMENT, Client, validate

EXAMPLES: Final = 15
"""Requests made up for each operation and kind of data."""


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from refs(part)
    elif isinstance(value, list):
        for part in value:
            yield from refs(part)


def described(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema below components."""
    for name, schema in value["components"]["schemas"].items():
        yield f"{path}{name}", schema


def test_every_route_is_documented_and_every_documented_operation_is_a_route(
    server: tuple[ApiServer, str],
) -> None:
    routed = {
        (route.method, route.resource.canonical)
        for route in server[0]._application().router.routes()
        if route.resource is not None
    }
    documented = {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item
    }

    assert routed == documented == {(one.method, one.path) for one in OPERATIONS}


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    for ref in refs(DOCUMENT):
        place: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]
    used = {ref.rpartition("/")[2] for ref in refs(DOCUMENT)}
    messages = {"TokenMessage", "SnapshotMessage", "FactMessage", "QueuesMessage", "LaggingMessage"}
    unused = {name for name, _ in described(DOCUMENT)} - used - messages
    assert not unused


def test_operations_have_a_summary_a_security_rule_and_their_roles() -> None:
    for operation in OPERATIONS:
        one = DOCUMENT["paths"][operation.path][operation.method.lower()]
        assert one["operationId"] == operation.name
        assert one["summary"]
        if isinstance(operation.access, Rule):
            assert one["security"] == [{"token": []}]
            assert one["x-roles"] == [role for role in ROLES if role in operation.access.roles]
            assert {"401", "403"} <= set(one["responses"])
        else:
            assert one["security"] == []


def test_path_parameters_are_those_of_the_path() -> None:
    for path, item in DOCUMENT["paths"].items():
        for one in item.values():
            named = {p["name"] for p in one.get("parameters", ()) if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_unknown_fields_are_refused_in_every_schema_of_ours() -> None:
    for name, schema in described(DOCUMENT):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


async def test_the_served_document_is_this_one_and_the_page_lists_all_of_it(
    client: Client,
) -> None:
    served = await client.get("/api/v1/openapi.json")
    page = await client.get("/api")

    assert served.json == json.loads(json.dumps(DOCUMENT))
    for operation in OPERATIONS:
        assert operation.path.encode() in page.body
    assert not re.search(rb"(src|href)=\"(https?:)?//", page.body)
    assert b"<script" not in page.body


def test_a_problem_needs_its_type_title_status_and_detail() -> None:
    good = {"type": "urn:jietong:problem:x", "title": "X", "status": 400, "detail": "x"}
    ref = {"$ref": "#/components/schemas/ProblemAnswer"}
    validate(ref, good)
    for name in good:
        with pytest.raises(Exception, match=name):
            validate(ref, {key: value for key, value in good.items() if key != name})


FUZZED = [one for one in OPERATIONS if one.name not in ("login", "events")]
"""Log-in would run into its own limit at once; the WebSocket has tests of its own."""


@pytest.mark.parametrize("operation", FUZZED, ids=lambda one: one.name)
async def test_made_up_requests_get_only_documented_answers(client: Client, operation: Any) -> None:
    import asyncio

    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)))
    wanted = schema[operation.path][operation.method]
    headers = client.bearer("admin")
    checks = [
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
        negative_data_rejection,
        unsupported_method,
    ]

    def run() -> None:
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            cases = wanted.as_strategy(generation_mode=mode)
            _fuzz(cases, client.base, headers, checks)

    await asyncio.to_thread(run)


def _fuzz(cases: Any, base: str, headers: dict[str, str], checks: list[Any]) -> None:
    from hypothesis import given
    from hypothesis.errors import Unsatisfiable

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def one(case: Any) -> None:
        response = case.call(base_url=base, headers=headers)
        case.validate_response(response, checks=checks)

    try:
        one()
    except Unsatisfiable:
        # An operation without parameters has no wrong ones.
        return
