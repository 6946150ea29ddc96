"""YAML to flow. A flow that could leave a caller stranded is refused before the hotline opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from config.errors import Complaint, SettingsRefused
from config.yaml_file import YamlFile, read_yaml, validate
from ivr_flows.checks import check, meant
from ivr_flows.errors import Finding, FlowRefused
from ivr_flows.model import Flow, Step
from ivr_flows.prompt_library import Prompts
from ivr_flows.schema import STEP_SCHEMAS, FlowSchema


def load_flows(
    directory: Path, names: Iterable[str], *, queues: Mapping[str, int], prompts: Prompts
) -> dict[str, Flow]:
    """The flows `names` of a site, each from `directory/NAME.yaml`.

    `queues` maps every queue of the site to its priority. Raises FlowRefused with the findings of
    all flows, so that one start shows everything that is wrong.
    """
    flows: dict[str, Flow] = {}
    findings: list[Finding] = []
    for name in sorted(set(names)):
        try:
            flows[name] = load_flow(directory / f"{name}.yaml", queues=queues, prompts=prompts)
        except FlowRefused as refused:
            findings.extend(refused.findings)
    if findings:
        raise FlowRefused(tuple(findings))
    return flows


def load_flow(file: Path, *, queues: Mapping[str, int], prompts: Prompts) -> Flow:
    """The flow in `file`; its id is the file's name. Raises FlowRefused, each finding with its
    line."""
    if not file.is_file():
        others = [other.stem for other in file.parent.glob("*.yaml")]
        hint = meant(file.stem, others)
        raise FlowRefused((Finding(str(file), "", f"there is no flow {file.stem!r}; {hint}"),))
    try:
        content = read_yaml(file)
        schema = validate(FlowSchema, _text_keys(content.values), content)
    except SettingsRefused as refused:
        raise FlowRefused(tuple(map(_finding, refused.complaints))) from None

    findings: list[Finding] = []
    steps: dict[str, Step] = {}
    for step_id, values in schema.steps.items():
        try:
            steps[step_id] = _step(step_id, values, content, queues)
        except FlowRefused as refused:
            findings.extend(refused.findings)
    flow = Flow(id=file.stem, languages=tuple(schema.languages), start=schema.start, steps=steps)
    broken = frozenset(schema.steps) - frozenset(steps)
    for problem in check(flow, queues, prompts, broken):
        loc = problem.key if problem.step is None else ("steps", problem.step, *problem.key)
        findings.append(Finding(content.where(loc), ".".join(loc), problem.message))
    if findings:
        raise FlowRefused(tuple(findings))
    return flow


def _text_keys(values: dict[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items()}


def _step(step_id: str, values: dict[Any, Any], file: YamlFile, queues: Mapping[str, int]) -> Step:
    here = ("steps", step_id)
    kind = values.get("do")
    if not isinstance(kind, str) or kind not in STEP_SCHEMAS:
        what = f"there is no kind of step {kind!r}" if "do" in values else "is missing"
        hint = meant(str(kind), STEP_SCHEMAS)
        key = ".".join((*here, "do"))
        raise FlowRefused((Finding(file.where((*here, "do")), key, f"{what}; {hint}"),))
    # The step as a file of its own, so that what pydantic says of `next` finds its line.
    depth = len(here)
    lines = {loc[depth:]: line for loc, line in file.lines.items() if loc[:depth] == here}
    try:
        schema = validate(STEP_SCHEMAS[kind], _text_keys(values), YamlFile(file.path, {}, lines))
    except SettingsRefused as refused:
        raise FlowRefused(
            tuple(_finding(complaint, prefix=".".join(here)) for complaint in refused.complaints)
        ) from None
    return schema.step(step_id, queues)


def _finding(complaint: Complaint, prefix: str = "") -> Finding:
    key = ".".join(part for part in (prefix, complaint.key) if part)
    return Finding(complaint.where, key.removesuffix(".[key]"), complaint.message)
