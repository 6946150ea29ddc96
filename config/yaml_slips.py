"""What the usual slips in a YAML file look like to a parser, and what was probably meant."""

from __future__ import annotations

from typing import Final

import yaml

_MEANT: Final = {
    "mapping values are not allowed in this context": "a second colon in one entry, or an entry "
    "that is indented differently from its neighbours; text with a colon stands in quotes",
    "could not find expected ':'": "an entry above has no colon after its key, or its text goes on "
    "in a line that is not indented",
    "found unexpected end of stream": "quotes that are not closed",
    "found unknown escape character": "a backslash in double quotes; use single quotes",
    "but found another document": "a second document; one file holds one",
    "did not find expected key": "an entry that is indented differently from its neighbours",
}
"""libyaml's words to ours."""

_QUOTED_ONLY: Final = "@`%"
"""What a text may begin with in quotes only (YAML 1.2.2, 5.3)."""


def plain_words(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong at `error.problem_mark` of `text`, for somebody who does not know YAML."""
    problem = error.problem or "is not YAML"
    mark = error.problem_mark
    if mark is None:
        return problem
    rest = _line(text, mark.line)[mark.column :]
    if rest.startswith("\t") or "tab character" in problem:
        return "a tab; YAML is indented with blanks"
    if "cannot start any token" in problem and rest[:1] in tuple(_QUOTED_ONLY):
        return f"text that begins with {rest[0]} stands in quotes"
    if problem.startswith("did not find expected"):
        return _not_found(problem, error.context or "", error.context_mark, text)
    if problem.startswith("found undefined alias"):
        name = problem.removeprefix("found undefined alias").strip(" '")
        return f"there is no &{name} above; text that begins with * stands in quotes"
    return _MEANT.get(problem, problem)


def _not_found(problem: str, context: str, begun: yaml.Mark | None, text: str) -> str:
    """What is wrong where something else was expected since `begun`."""
    if "alphabetic or numeric character" in problem and begun is not None:
        sign = _line(text, begun.line)[begun.column : begun.column + 1]
        return f"text that begins with {sign} stands in quotes"
    if "flow" not in context:
        return _MEANT.get(problem, problem)
    if begun is None or "node" in context:
        return "a value is missing, or a bracket above is not closed"
    since = f"line {begun.line + 1}, column {begun.column + 1}"
    return f"the bracket of {since} is not closed, or a comma is missing before here"


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""
