"""The published schema of flow files: up to date, and of one mind with the loader."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from config.yaml_file import read_yaml
from cti.ivr_schema import print_schema
from ivr_flows.json_schema import EXAMPLE, as_text, json_schema
from ivr_flows.json_schema_words import OF_STEPS
from ivr_flows.loader import flow_files
from ivr_flows.schema import STEP_SCHEMAS

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs/schema/flow.schema.json"
EXAMPLES = sorted(
    file for folder in ROOT.glob("config/sites/*/flows") for file in flow_files(folder).values()
)
VALIDATOR = jsonschema_rs.Draft202012Validator(json_schema())

Flow = dict[str, Any]


def as_json(value: Any) -> Any:
    """As an editor sees YAML: every key is a text."""
    if isinstance(value, dict):
        return {str(key): as_json(inner) for key, inner in value.items()}
    return [as_json(one) for one in value] if isinstance(value, list) else value


def test_published_file_is_up_to_date() -> None:
    assert PUBLISHED.read_text("utf-8") == as_text(), "run: cti ivr schema --out " + str(PUBLISHED)


def test_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(json_schema())


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parts[-3]}/{file.stem}")
class TestExampleFlows:
    def test_is_what_the_schema_asks_for(self, file: Path) -> None:
        errors = [error.message for error in VALIDATOR.iter_errors(as_json(read_yaml(file).values))]
        assert errors == []

    def test_tells_editors_where_the_schema_is(self, file: Path) -> None:
        first = file.read_text("utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (file.parent / first.partition("=")[2]).resolve() == PUBLISHED


@pytest.mark.parametrize("kind", STEP_SCHEMAS)
def test_every_key_of_every_step_is_explained(kind: str) -> None:
    step = json_schema()["$defs"][STEP_SCHEMAS[kind].__name__]
    assert step["description"]
    assert [key for key in step["properties"] if key not in OF_STEPS] == []
    for what in step["properties"].values():
        assert what["description"]


def test_shown_example_is_one() -> None:
    assert VALIDATOR.is_valid(EXAMPLE)


def _steps(flow: Flow) -> dict[str, Any]:
    found: dict[str, Any] = flow["steps"]
    return found


@pytest.mark.parametrize(
    ("what", "slip"),
    [
        ("unknown kind", lambda flow: _steps(flow)["hello"].update(do="menue")),
        ("no kind", lambda flow: _steps(flow)["hello"].pop("do")),
        ("unknown key", lambda flow: _steps(flow)["hello"].update(promt="x")),
        ("missing key", lambda flow: _steps(flow)["hello"].pop("otherwise")),
        ("key of no telephone", lambda flow: _steps(flow)["hello"]["keys"].update({"10": "x"})),
        ("no keys", lambda flow: _steps(flow)["hello"].update(keys={})),
        ("step name", lambda flow: _steps(flow).update({"Not A Name": {"do": "return"}})),
        ("too many attempts", lambda flow: _steps(flow)["hello"].update(attempts=99)),
        ("prompt name", lambda flow: _steps(flow)["hello"].update(say="Hello there")),
        ("empty text", lambda flow: _steps(flow)["hello"].update(say={"en": ""})),
        ("unknown key of the flow", lambda flow: flow.update(stpes={})),
        ("no languages", lambda flow: flow.update(languages=[])),
        ("no start", lambda flow: flow.pop("start")),
        ("relaxed without a rule", lambda flow: flow.update(relax=[{"why": "x"}])),
    ],
)
def test_slip_is_found(what: str, slip: Callable[[Flow], object]) -> None:
    flow = copy.deepcopy(EXAMPLE)
    slip(flow)
    assert not VALIDATOR.is_valid(flow), what


def test_slip_in_a_step_is_reported_in_that_step_only() -> None:
    flow: Flow = copy.deepcopy(EXAMPLE)
    _steps(flow)["hello"]["promt"] = "x"
    errors = list(VALIDATOR.iter_errors(flow))
    assert [(list(error.instance_path), "promt" in error.message) for error in errors] == [
        (["steps", "hello"], True)
    ]


@pytest.mark.parametrize(
    "when", [{"caller": "139*"}, {"caller": ["139*", "unknown"]}, {"value": "n", "is": 3}]
)
def test_single_values_are_lists_of_one(when: dict[str, Any]) -> None:
    flow: Flow = copy.deepcopy(EXAMPLE)
    case = {"when": when, "then": "person"}
    _steps(flow)["if"] = {"do": "if", "cases": [case], "otherwise": "person"}
    assert VALIDATOR.is_valid(flow)


def test_command_writes_the_file(tmp_path: Path) -> None:
    out = tmp_path / "new" / "flow.schema.json"
    print_schema(out)
    assert json.loads(out.read_text("utf-8")) == json_schema()
