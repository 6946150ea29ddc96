"""YAML to flows. A flow that could leave a caller stranded is refused before a caller meets it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from config.errors import Complaint, SettingsRefused
from config.yaml_file import YamlFile, read_yaml, validate
from ivr_flows.checks import Problem, check, check_calls, meant
from ivr_flows.errors import Finding, FlowRefused
from ivr_flows.model import Flow, FlowBook, Step
from ivr_flows.prompt_library import Prompts
from ivr_flows.schema import STEP_SCHEMAS, FlowSchema
from ivr_flows.site_parts import SiteParts

MOST_FINDINGS: Final = 100
"""Told of one file."""
TEST_SUFFIX: Final = ".test.yaml"
"""Files of tests beside the flows."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A flow, and the file that it was read from."""

    flow: Flow
    file: YamlFile

    def finding(self, problem: Problem) -> Finding:
        step = problem.step
        loc = problem.key if step is None else ("steps", step, *problem.key)
        return Finding(self.file.where(loc), ".".join(loc), problem.message)


def flow_files(directory: Path) -> dict[str, Path]:
    """Every flow file in `directory` by its flow's name."""
    return {
        file.stem: file
        for file in sorted(directory.glob("*.yaml"))
        if not file.name.endswith(TEST_SUFFIX)
    }


def version_of(directory: Path) -> str:
    """A short name for what the flow files in `directory` hold just now."""
    digest = hashlib.sha256()
    for name, file in flow_files(directory).items():
        try:
            content = file.read_bytes()
        except OSError as error:
            content = repr(error).encode()
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def load_book(
    directory: Path, *, site: SiteParts, prompts: Prompts, needed: Iterable[str] = ()
) -> FlowBook:
    """All flows of a site: every `directory/NAME.yaml`; those in `needed` must be there.

    Raises FlowRefused with the findings of all flows, so that one look shows all that is wrong.
    """
    version = version_of(directory)
    files = flow_files(directory)
    findings: list[Finding] = []
    read: dict[str, _Read] = {}
    for name in sorted({*files, *needed}):
        try:
            read[name] = _read(files.get(name, directory / f"{name}.yaml"), site, prompts)
        except FlowRefused as refused:
            findings.extend(refused.findings)
    flows = {name: one.flow for name, one in read.items()}
    if len(read) == len(files):
        for one in read.values():
            findings.extend(map(one.finding, check_calls(one.flow, flows)))
    if findings:
        raise FlowRefused(tuple(findings))
    return FlowBook(flows, version)


def load_flow(file: Path, *, site: SiteParts, prompts: Prompts) -> Flow:
    """The flow in `file` by itself; its id is the file's name. Raises FlowRefused, each finding
    with its place. What it calls is not looked at."""
    return _read(file, site, prompts).flow


def _read(file: Path, site: SiteParts, prompts: Prompts) -> _Read:
    if not file.is_file():
        hint = meant(file.stem, flow_files(file.parent))
        raise FlowRefused((Finding(str(file), "", f"there is no flow {file.stem!r}; {hint}"),))
    try:
        content = read_yaml(file)
        schema = validate(FlowSchema, _text_keys(content.values), content)
    except SettingsRefused as refused:
        raise FlowRefused(tuple(map(_finding, refused.complaints))) from None

    findings: list[Finding] = []
    steps: dict[str, Step] = {}
    lines = _lines_of_steps(content)
    for step_id, values in schema.steps.items():
        if len(findings) > MOST_FINDINGS:
            break
        try:
            own = YamlFile(file, {}, lines.get(step_id, {}))
            steps[step_id] = _step(step_id, values, own, site)
        except FlowRefused as refused:
            findings.extend(refused.findings)
    flow = Flow(
        id=file.stem,
        languages=tuple(schema.languages),
        start=schema.start,
        steps=steps,
        relaxed=schema.relaxed(),
    )
    read = _Read(flow, content)
    broken = frozenset(schema.steps) - frozenset(steps)
    # One more than are shown: hints are looked up among all names, for thousands takes minutes.
    room = max(MOST_FINDINGS + 1 - len(findings), 0)
    problems = islice(check(flow, site, prompts, broken), room)
    findings.extend(map(read.finding, problems))
    if len(findings) > MOST_FINDINGS:
        more = Finding(str(file), "", f"has more than these {MOST_FINDINGS} findings")
        findings[MOST_FINDINGS:] = [more]
    if findings:
        raise FlowRefused(tuple(findings))
    return read


def _text_keys(values: dict[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items()}


def _lines_of_steps(content: YamlFile) -> dict[str, dict[Any, Any]]:
    """Each step's places as if it were a file of its own, so that what pydantic says of `next`
    finds its line."""
    lines: dict[str, dict[Any, Any]] = {}
    for loc, line in content.lines.items():
        if len(loc) >= 2 and loc[0] == "steps":
            lines.setdefault(str(loc[1]), {})[loc[2:]] = line
    return lines


def _step(step_id: str, values: dict[Any, Any], own: YamlFile, site: SiteParts) -> Step:
    here = f"steps.{step_id}"
    kind = values.get("do")
    if not isinstance(kind, str) or kind not in STEP_SCHEMAS:
        what = f"there is no kind of step {kind!r}" if "do" in values else "is missing"
        hint = meant(str(kind), STEP_SCHEMAS)
        raise FlowRefused((Finding(own.where(("do",)), f"{here}.do", f"{what}; {hint}"),))
    try:
        schema = validate(STEP_SCHEMAS[kind], _text_keys(values), own)
    except SettingsRefused as refused:
        raise FlowRefused(
            tuple(_finding(complaint, prefix=here) for complaint in refused.complaints)
        ) from None
    return schema.step(step_id, site)


def _finding(complaint: Complaint, prefix: str = "") -> Finding:
    key = ".".join(part for part in (prefix, complaint.key) if part)
    return Finding(complaint.where, key.removesuffix(".[key]"), complaint.message)


def files_of_tests(directory: Path) -> Iterator[Path]:
    """The test files of the flows in `directory`."""
    yield from sorted(directory.glob(f"*{TEST_SUFFIX}"))
