"""`cti ivr lint`: what callers would get lost in, with the place in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from config.yaml_file import YamlFile, read_yaml
from cti.ivr_site import SettingsFile, SiteFile, SiteTools
from ivr_flows.checks import check_calls
from ivr_flows.errors import FlowRefused
from ivr_flows.lint import lint
from ivr_flows.lint_rules.catalogue import REFUSED, RULES, LintFinding, Pair, Rule
from ivr_flows.lint_rules.site_flows import SiteFlows
from ivr_flows.loader import flow_files
from ivr_flows.model import Flow

_WORDS: Final[dict[str, dict[str, str]]] = {
    "zh-CN": {"error": "错误", "warning": "警告", "fine": "没有发现问题",
              "flow": "个流程", "flows": "个流程", "source": "依据"},
    "en": {"error": "error", "warning": "warning", "fine": "nothing found",
           "flow": "flow", "flows": "flows", "source": "source"},
}  # fmt: skip
_PLACE: Final = re.compile(r"^(.*?)(?::(\d+)(?::(\d+))?)?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One finding as it is shown. `where`: file:line:column."""

    where: str
    rule: Rule
    key: str
    message: Pair

    def shown(self, language: str) -> str:
        parts = (
            self.where,
            f"{self._severity(language)} {self.rule.id}",
            self.key,
            self._in(language),
        )
        return ": ".join(part for part in parts if part)

    def _in(self, language: str) -> str:
        return self.message[list(_WORDS).index(language)]

    def _severity(self, language: str) -> str:
        return _WORDS[language][self.rule.severity]

    def as_json(self) -> dict[str, Any]:
        match = _PLACE.match(self.where)
        file, line, column = match.groups() if match else (self.where, None, None)
        return {
            "file": file,
            "line": int(line) if line else None,
            "column": int(column) if column else None,
            "severity": self.rule.severity,
            "rule": self.rule.id,
            "key": self.key,
            "message": dict(zip(_WORDS, self.message, strict=True)),
            "why": dict(zip(_WORDS, self.rule.why, strict=True)),
            "source": dict(zip(_WORDS, self.rule.source, strict=True)),
        }


def _language(value: str) -> str:
    if value not in _WORDS:
        raise typer.BadParameter(f"choose one of {', '.join(_WORDS)}")
    return value


def lint_flows(
    flow: Annotated[
        list[str] | None,
        typer.Argument(help="Flows of the site, or files; all when none is named."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines.")] = False,
    lang: Annotated[str, typer.Option("--lang", callback=_language, help="zh-CN or en.")] = "zh-CN",
    rules: Annotated[bool, typer.Option("--rules", help="Only tell the rules.")] = False,
    settings: SettingsFile = None,
    site: SiteFile = None,
) -> None:
    """Check flows against the rules for menus. Ends with 1 when there is an error."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if rules:
        _print_rules(console, list(RULES.values()), lang)
        return
    tools = SiteTools.open(settings, site)
    files = [tools.file_of(name) for name in flow or []]
    files = files or list(flow_files(tools.folder).values())
    lines = list(_lines(tools, files))
    if as_json:
        typer.echo(json.dumps([line.as_json() for line in lines], ensure_ascii=True, indent=2))
    else:
        for line in lines:
            style = "red" if line.rule.severity == "error" else "yellow"
            console.print(Text(line.shown(lang), style=style))
        if lines:
            console.print()
        _print_rules(console, list(dict.fromkeys(line.rule for line in lines)), lang)
        if not lines:
            words = _WORDS[lang]
            flows = words["flow" if len(files) == 1 else "flows"]
            console.print(f"{words['fine']} ({len(files)} {flows})")
    raise typer.Exit(int(any(line.rule.severity == "error" for line in lines)))


def _print_rules(console: Console, rules: list[Rule], lang: str) -> None:
    words, at = _WORDS[lang], list(_WORDS).index(lang)
    for rule in rules:
        console.print(f"{rule.id} ({words[rule.severity]})")
        console.print(f"    {rule.why[at]}")
        console.print(f"    {words['source']}: {rule.source[at]}")


def _lines(tools: SiteTools, files: list[Path]) -> Iterator[Line]:
    flows, refused = tools.load_all(files)
    asked = {file.stem: file for file in files}
    for file in files:
        if file in refused:
            yield from _refused(refused[file])
    read = {name: read_yaml(file) for name, file in asked.items() if name in flows}
    for name, content in read.items():
        for problem in check_calls(flows[name], flows):
            # What is called and cannot be used has findings of its own, if it was asked for.
            if not any(other.stem == _called(flows[name], problem.step) for other in refused):
                loc = ("steps", problem.step or "", *problem.key)
                message = (problem.message, problem.message)
                yield Line(content.where(loc), REFUSED, ".".join(loc), message)
    hotlines = {line.flow for line in tools.site.hotlines}
    after = {line.after_call for line in tools.site.hotlines if line.after_call}
    every = SiteFlows(flows, hotlines=hotlines, after=after)
    for finding in lint(every, tools.recordings):
        if finding.flow in read:
            yield _line(finding, read[finding.flow])


def _called(flow: Flow, step_id: str | None) -> str | None:
    return getattr(flow.steps.get(step_id or ""), "flow", None)


def _refused(error: FlowRefused) -> Iterator[Line]:
    for finding in error.findings:
        message = (finding.message, finding.message)
        yield Line(finding.where, REFUSED, finding.key, message)


def _line(finding: LintFinding, file: YamlFile) -> Line:
    loc = finding.key if finding.step is None else ("steps", finding.step, *finding.key)
    return Line(file.where(loc, key=not finding.key), finding.rule, ".".join(loc), finding.message)
