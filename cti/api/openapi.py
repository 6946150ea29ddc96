"""The OpenAPI 3.1 document, made from the route table and the models that the handlers use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from cti.api.access import ROLES, Door
from cti.api.binding import Operation
from cti.api.contact_schemas import ContactName
from cti.api.event_messages import MESSAGES, TokenMessage
from cti.api.events import PROTOCOL
from cti.api.live import Close
from cti.api.message_schemas import MessageNumber
from cti.api.monitors import MonitorName
from cti.api.problems import MEDIA_TYPE
from cti.api.routing_schemas import PlanName
from cti.api.schemas import (
    CallbackName,
    CallName,
    NoBody,
    NoQuery,
    NoticeName,
    ProblemAnswer,
    QueueName,
    Received,
    SeatName,
)

Json = dict[str, Any]
_REF: Final = "#/components/schemas/{model}"
_PATH_NAMES: Final = {
    "seat": get_args(SeatName)[1],
    "call": get_args(CallName)[1],
    "callback": get_args(CallbackName)[1],
    "message": get_args(MessageNumber)[1],
    "contact": get_args(ContactName)[1],
    "monitor": get_args(MonitorName)[1],
    "notice": get_args(NoticeName)[1],
    "plan": get_args(PlanName)[1],
    "queue": get_args(QueueName)[1],
}


def build_document(operations: Sequence[Operation], version: str) -> Json:
    paths: dict[str, Json] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jietong",
            "version": version,
            "description": (
                "Contact-centre engine. Times are microseconds since the epoch (`_us`, `_at`). "
                "Errors are RFC 9457 problems; `type` is stable, `detail` is for people."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "responses": {
                str(status): _problem(status)
                for status in sorted({status for one in operations for status in one.problems})
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _schemas(operations: Sequence[Operation]) -> Json:
    models: dict[type[BaseModel], JsonSchemaMode] = {ProblemAnswer: "serialization"}
    for one in operations:
        if isinstance(one.answer, type):
            models[one.answer] = "serialization"
        if one.body is not NoBody:
            models[one.body] = "validation"
    for message in MESSAGES:
        models[message] = "validation" if issubclass(message, Received) else "serialization"
    _, schema = models_json_schema(list(models.items()), ref_template=_REF)
    definitions: Json = schema["$defs"]
    return definitions


def _operation(one: Operation) -> Json:
    described: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "responses": _success(one)
        | {str(s): {"$ref": f"#/components/responses/{s}"} for s in sorted(one.problems)},
    }
    parameters = _path_parameters(one.path) + _query_parameters(one.query)
    if parameters:
        described["parameters"] = parameters
    if one.body is not NoBody:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(one.body)}},
        }
    access = one.access
    if isinstance(access, Door):
        described["security"] = []
        described["x-door"] = access.value
    else:
        described["security"] = [{"token": []}]
        described["x-roles"] = [role for role in ROLES if role in access.roles]
        described["x-roles-own"] = [role for role in ROLES if role in access.own]
    if one.answer == "websocket":
        described["description"] = _websocket_words()
    return described


def _success(one: Operation) -> Json:
    if one.answer == "websocket":
        return {"101": {"description": "The WebSocket is open."}}
    content: Json
    if isinstance(one.answer, str):
        content = {one.answer: {"schema": {} if one.answer.endswith("json") else _TEXT}}
    else:
        content = {"application/json": {"schema": _ref(one.answer)}}
    done: Json = {"200": {"description": "Done.", "content": content}}
    if one.in_parts:
        done["206"] = {"description": "The range asked for.", "content": content}
    return done


_TEXT: Final[Json] = {"type": "string"}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


def _problem(status: int) -> Json:
    answer: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": _ref(ProblemAnswer)}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"schema": _TEXT, "required": True}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answer["headers"] = {"Retry-After": {"schema": _TEXT}}
    return answer


def _path_parameters(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": _PATH_NAMES[name].metadata[0].pattern},
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(model: type[BaseModel]) -> list[Json]:
    if model is NoQuery:
        return []
    schema = model.model_json_schema(by_alias=True)
    parameters: list[Json] = []
    for name, field in schema["properties"].items():
        kept = {key: value for key, value in field.items() if key not in ("title", "default")}
        described = {"name": name, "in": "query", "required": False}
        if words := kept.pop("description", None):
            described["description"] = words
        # None is how a parameter is left out; it cannot be written in a query.
        choices = [one for one in kept.pop("anyOf", []) if one != {"type": "null"}]
        described["schema"] = kept | (choices[0] if choices else {})
        if field.get("default") is not None:
            described["schema"]["default"] = field["default"]
        parameters.append(described)
    return parameters


def _websocket_words() -> str:
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Close)
    sent = ", ".join(one.__name__ for one in MESSAGES if one is not TokenMessage)
    return (
        f"Offer the subprotocols `{PROTOCOL}` and `bearer.TOKEN`, or send a "
        f"{TokenMessage.__name__} first; send another one to go on with a renewed token. "
        f"Server messages: {sent} (components/schemas). Close codes: {codes}."
    )
