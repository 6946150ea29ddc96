"""The JSON Schema (2020-12) of flow files, made from the schemas that read them, for editors and
for whoever makes flows by program. It knows one file: what fits between steps, and what the site
has, only `cti ivr lint` can tell."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter

from ivr_flows.drawing.words import KINDS
from ivr_flows.fields import SAY_JSON, Name
from ivr_flows.json_schema_words import OF_FLOW, OF_STEPS
from ivr_flows.schema import STEP_SCHEMAS, FlowSchema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REF: Final = "#/$defs/{model}"
_SHARED: Final[dict[str, dict[str, Any]]] = {"Say": SAY_JSON}
"""What stands in many places and is written once."""
_CHINESE: Final = {name: f"{pair[0]}。" for name, pair in KINDS.values()}


def json_schema() -> dict[str, Any]:
    """The schema of a flow file."""
    whole = _tidy(FlowSchema.model_json_schema(ref_template=_REF))
    definitions: dict[str, Any] = whole.pop("$defs", {})
    definitions |= _SHARED
    kinds: list[dict[str, Any]] = []
    for kind, schema in STEP_SCHEMAS.items():
        own = _tidy(schema.model_json_schema(by_alias=True, ref_template=_REF))
        definitions |= own.pop("$defs", {})
        own["description"] = f"{own.get('description', '')} {_CHINESE.get(kind, '')}".strip()
        for key, what in own["properties"].items():
            if key in OF_STEPS:
                what.setdefault("description", " ".join(OF_STEPS[key]))
        definitions[schema.__name__] = own
        kinds.append(
            {
                "if": {"properties": {"do": {"const": kind}}, "required": ["do"]},
                "then": {"$ref": _REF.format(model=schema.__name__)},
            }
        )
    definitions["Step"] = {
        "type": "object",
        "required": ["do"],
        "properties": {"do": {"enum": list(STEP_SCHEMAS), "description": " ".join(OF_STEPS["do"])}},
        # Not oneOf: a slip in one kind of step would be reported against all of them.
        "allOf": kinds,
    }
    when = definitions["WhenSchema"]["properties"]
    for key in ("caller", "is"):
        one = {"type": ["string", "number"]} if key == "is" else when[key]["items"]
        when[key] = {"anyOf": [one, {"type": "array", "items": one}]}
    properties = whole["properties"]
    for key, description in OF_FLOW.items():
        properties[key]["description"] = " ".join(description)
    properties["steps"] |= {
        "propertyNames": {"pattern": TypeAdapter(Name).json_schema()["pattern"]},
        "additionalProperties": {"$ref": _REF.format(model="Step")},
    }
    properties["steps"].pop("patternProperties", None)
    return {
        "$schema": DIALECT,
        "title": "Jietong voice flow",
        "description": "A voice menu of a hotline. 热线语音菜单流程。",
        **{key: whole[key] for key in ("type", "additionalProperties", "required", "properties")},
        "examples": [EXAMPLE],
        "$defs": dict(sorted(definitions.items())),
    }


EXAMPLE: Final = {
    "languages": ["zh-CN"],
    "start": "hello",
    "steps": {
        "hello": {
            "do": "menu",
            "say": {"zh-CN": "您好，人工服务请按零。"},
            "keys": {"0": "person"},
            "otherwise": "person",
        },
        "person": {"do": "queue", "queue": "service"},
    },
}


def as_text() -> str:
    """The schema as the file that is published."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _tidy(schema: Any, within: str = "") -> Any:
    """Without the titles that pydantic makes of names, with what is used everywhere written once,
    and with defaults as they are written in YAML."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    if within != "properties":
        schema.pop("title", None)
        if "default" in schema:
            schema |= _default(schema.pop("default"))
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for name, shared in _SHARED.items():
            if shared.items() <= schema.items():
                schema = {key: value for key, value in schema.items() if key not in shared}
                schema = {"$ref": _REF.format(model=name), **schema}
    return {key: _tidy(value, key) for key, value in schema.items()}


def _default(value: Any) -> dict[str, Any]:
    """`{"default": ...}`, or nothing when the value is not written like that in a file."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        names = [one.get("prompt") for one in value]
        if None in names:
            return {}
        return {"default": names[0] if len(names) == 1 else names}
    return {} if value in ([], {}, None) or isinstance(value, dict) else {"default": value}
