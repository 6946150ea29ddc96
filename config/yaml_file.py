"""YAML with places: an error in a file names the file, the line, the column and the key.

Values become plain dicts; the place of every key is kept beside them, so that a pydantic error
location such as `("http", "port")` can be turned into `site.yaml:12:9`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.resolver import Resolver

from config.errors import Complaint, SettingsRefused
from config.yaml_slips import plain_words

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str, ...]
MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_NODES = 200_000
"""With every reference (`*name`) counted as often as it is written: a few lines of references to
references would otherwise make billions."""


class Place(NamedTuple):
    """Where a key is and where its value is, counted from 1. A value that begins on a line of its
    own counts as being where its key is."""

    line: int
    column: int
    key_column: int


@dataclass(frozen=True)
class YamlFile:
    """`lines`: the place of every key and list item. `base`: what every location asked for is
    below of."""

    path: Path | None
    values: dict[str, Any]
    lines: Mapping[Loc, Place] = field(default_factory=dict)
    base: Loc = ()

    @classmethod
    def empty(cls) -> YamlFile:
        return cls(None, {})

    def below(self, *loc: str) -> YamlFile:
        """The part of the file at `loc`, as if it were a file of its own; without its values."""
        return YamlFile(self.path, {}, self.lines, (*self.base, *loc))

    def where(self, loc: Iterable[object], *, key: bool = False) -> str:
        """`file:line:column` of the value at `loc` (`key`: of the key itself), or of the nearest
        key above that is in the file."""
        wanted = keys = (*self.base, *(str(part) for part in loc))
        while keys and keys not in self.lines:
            keys = keys[:-1]
        name = str(self.path) if self.path else "settings"
        if keys not in self.lines:
            return name
        place = self.lines[keys]
        column = place.key_column if key or keys != wanted else place.column
        return f"{name}:{place.line}:{column}"


class _Loader(Composer, CParser, SafeConstructor, Resolver):
    """libyaml reads (ten times as fast as Python), Python composes: libyaml's own composer ends
    the process when a file is nested deeply. Refuses a key written twice: the second would
    silently win."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a plain word", problem_mark=key_node.start_mark
                )
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is written twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> YamlFile:
    """Read one mapping. Raises SettingsRefused when it is missing, too large or not YAML."""
    text = _text_of(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = _lines(node)
        values = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else f"{path}:1:1"
        raise SettingsRefused((Complaint(where, "", plain_words(error, text)),)) from error
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes.
        before = text.encode()[: error.position].decode(errors="ignore")
        where = f"{path}:{_place_after(before)}"
        what = f"a control character (U+{ord(text[len(before)]):04X}) is not allowed in YAML"
        raise SettingsRefused((Complaint(where, "", what),)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # A value such as the date 2026-02-30, which YAML lets pass and Python cannot make.
        raise SettingsRefused((Complaint(str(path), "", f"is not YAML ({error})"),)) from error
    except RecursionError:
        raise SettingsRefused((Complaint(str(path), "", "is nested too deeply"),)) from None
    if not isinstance(values, dict):
        where = f"{path}:1:1"
        raise SettingsRefused((Complaint(where, "", "must be a mapping of keys to values"),))
    return YamlFile(path, values, lines)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsRefused((Complaint(str(path), "", "is larger than 4 MiB"),))
        content = path.read_bytes()
    except OSError as error:
        raise SettingsRefused(
            (Complaint(str(path), "", f"cannot be read ({error.strerror})"),)
        ) from error
    try:
        # utf-8-sig: the byte order mark that Windows editors put in front is no part of the text.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_after(error.object[: error.start].decode("utf-8-sig", "replace"))
        what = "is not UTF-8 text; save the file with the encoding UTF-8"
        raise SettingsRefused((Complaint(f"{path}:{place}", "", what),)) from error


def _place_after(before: str) -> str:
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _lines(node: yaml.Node | None) -> dict[Loc, Place]:
    """Raises MarkedYAMLError when references make it too large."""
    lines: dict[Loc, Place] = {}
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
                lines[(*loc, str(key.value))] = _place(key, value)
                visit(value, (*loc, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                lines[(*loc, str(index))] = _place(value, value)
                visit(value, (*loc, str(index)))

    if node is not None:
        visit(node, ())
    return lines


def _place(key: yaml.Node, value: yaml.Node) -> Place:
    at, column = key.start_mark.line, key.start_mark.column + 1
    beside = value.start_mark.line == at and value.start_mark.column >= key.start_mark.column
    return Place(at + 1, value.start_mark.column + 1 if beside else column, column)


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
    of_key = item["type"] == "extra_forbidden" or loc[-1:] == ("[key]",)
    where = where or file.where(loc[:-1] if loc[-1:] == ("[key]",) else loc, key=of_key)
    return Complaint(where, ".".join(str(key) for key in loc), message)


def _variable(prefix: str, loc: tuple[object, ...]) -> str:
    """The environment variable that gave the value at `loc`; empty when none did."""
    given = {name.upper() for name in os.environ}
    names = ["__".join(map(str, loc[:length])).upper() for length in range(len(loc), 0, -1)]
    return next((prefix + name for name in names if prefix + name in given), "")


def _allowed(model: type[BaseModel], loc: tuple[object, ...]) -> list[str]:
    current: Any = model
    for key in loc:
        if isinstance(key, int):
            continue  # a place in a list, whose kind of part is `current` already
        field_info = _fields(current).get(str(key))
        if field_info is None:
            continue  # a name in a mapping, whose kind of part is `current` already
        current = field_info.annotation
        while not hasattr(current, "model_fields") and getattr(current, "__args__", None):
            current = current.__args__[-1]
    return sorted(_fields(current))


def _fields(model: Any) -> dict[str, Any]:
    """Fields by the names that they have in a file."""
    fields = getattr(model, "model_fields", {})
    return {info.alias or name: info for name, info in fields.items()}
