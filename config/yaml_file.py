"""YAML with line numbers: an error in a file names the file, the line and the key.

Values become plain dicts; the place of every key is kept beside them, so that a pydantic error
location such as `("http", "port")` can be turned into `site.yaml:12`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from config.errors import Complaint, SettingsRefused

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str, ...]
MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_NODES = 200_000
"""With every reference (`*name`) counted as often as it is written: a few lines of references to
references would otherwise make billions."""


@dataclass(frozen=True)
class YamlFile:
    path: Path | None
    values: dict[str, Any]
    lines: Mapping[Loc, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> YamlFile:
        return cls(None, {})

    def where(self, loc: Iterable[object]) -> str:
        """`file:line` of the key at `loc`, or of its nearest parent in the file."""
        keys = tuple(str(key) for key in loc)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        name = str(self.path) if self.path else "settings"
        return f"{name}:{self.lines[keys]}" if keys in self.lines else name


class _Loader(yaml.SafeLoader):
    """Safe loader that refuses a key written twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a plain word", problem_mark=key_node.start_mark
                )
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is written twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> YamlFile:
    """Read one mapping. Raises SettingsRefused when it is missing, too large or not YAML."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsRefused((Complaint(str(path), "", "is larger than 4 MiB"),))
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsRefused((Complaint(str(path), "", "is not UTF-8 text"),)) from error
    except OSError as error:
        raise SettingsRefused(
            (Complaint(str(path), "", f"cannot be read ({error.strerror})"),)
        ) from error
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = _lines(node)
        values = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or "is not YAML"
        raise SettingsRefused((Complaint(f"{path}:{line}", "", problem),)) from error
    except yaml.YAMLError as error:
        raise SettingsRefused((Complaint(str(path), "", "is not YAML"),)) from error
    except RecursionError:
        raise SettingsRefused((Complaint(str(path), "", "is nested too deeply"),)) from None
    if not isinstance(values, dict):
        raise SettingsRefused((Complaint(f"{path}:1", "", "must be a mapping of keys to values"),))
    return YamlFile(path, values, lines)


def _lines(node: yaml.Node | None) -> dict[Loc, int]:
    """Raises MarkedYAMLError when references make it too large."""
    lines: dict[Loc, int] = {}
    nodes = 0

    def visit(node: yaml.Node, loc: Loc) -> None:
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES:
            raise yaml.MarkedYAMLError(
                problem="has too many values, or references that multiply",
                problem_mark=node.start_mark,
            )
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                lines[(*loc, str(key.value))] = key.start_mark.line + 1
                visit(value, (*loc, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                lines[(*loc, str(index))] = value.start_mark.line + 1
                visit(value, (*loc, str(index)))

    if node is not None:
        visit(node, ())
    return lines


def validate(
    model: type[Model], values: dict[str, Any], file: YamlFile, *, environment_prefix: str = ""
) -> Model:
    """`model` made from `values`. Raises SettingsRefused with one complaint for each error."""
    try:
        return model(**{str(key): value for key, value in values.items()})
    except SettingsError as error:
        # An environment variable of a whole section, which must be JSON.
        name = environment_prefix + str(error).partition('"')[2].partition('"')[0].upper()
        raise SettingsRefused((Complaint(name, "", "must be a JSON object"),)) from error
    except ValidationError as error:
        complaints = tuple(
            _complaint(model, item, file, environment_prefix) for item in error.errors()
        )
        raise SettingsRefused(complaints) from None


def _complaint(
    model: type[BaseModel], item: Any, file: YamlFile, environment_prefix: str
) -> Complaint:
    loc = item["loc"]
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        allowed = _allowed(model, loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), allowed, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"allowed here: {', '.join(allowed)}"
        message = f"is not a known key; {hint}"
    elif item["type"] == "missing":
        message = "is missing"
    elif "input" in item and not isinstance(item["input"], dict):
        message = f"{message} (found {item['input']!r})"
    where = _variable(environment_prefix, loc) if environment_prefix else ""
    return Complaint(where or file.where(loc), ".".join(str(key) for key in loc), message)


def _variable(prefix: str, loc: tuple[object, ...]) -> str:
    """The environment variable that gave the value at `loc`; empty when none did."""
    given = {name.upper() for name in os.environ}
    names = ["__".join(map(str, loc[:length])).upper() for length in range(len(loc), 0, -1)]
    return next((prefix + name for name in names if prefix + name in given), "")


def _allowed(model: type[BaseModel], loc: tuple[object, ...]) -> list[str]:
    current: Any = model
    for key in loc:
        field_info = getattr(current, "model_fields", {}).get(str(key))
        if field_info is None:
            inner = [
                arg for arg in getattr(current, "__args__", ()) if hasattr(arg, "model_fields")
            ]
            current = inner[0] if inner else None
            continue
        current = field_info.annotation
        while not hasattr(current, "model_fields") and getattr(current, "__args__", None):
            current = current.__args__[-1]
    return sorted(getattr(current, "model_fields", {}))
