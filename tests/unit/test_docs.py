"""What the documents say is there: links, pictures, commands, settings, the example of a flow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from config.settings import DEFAULTS, Settings
from config.site import load_site
from cti.cli import app
from cti.menus import site_parts
from ivr_flows.loader import load_flow
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.schema import STEP_SCHEMAS
from ivr_flows.speech.build import read_catalogue
from ivr_flows.steps import Menu, Play, Queue, SwitchLanguage

ROOT: Final = Path(__file__).parents[2]
NOT_OURS: Final = {".venv", ".cache", ".git", "var", "node_modules", "build", "dist"}
PAGES: Final = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not (NOT_OURS & set(page.relative_to(ROOT).parts) or ".pytest_cache" in page.parts)
)
LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"(?:^|[`( /])cti ((?:[a-z]+ ?)+)((?: *--[a-z]+(?:[ =][^ `|]+)?)*)")
SITE: Final = ROOT / "config/sites/demo-water/site.yaml"


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _prose(page: Path) -> str:
    return CODE.sub("", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_and_picture_of_a_page_is_there(page: Path) -> None:
    missing = [
        target
        for target in LINK.findall(_prose(page))
        if "://" not in target
        and not target.startswith("#")
        and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert not missing


def _commands(text: str) -> Iterator[tuple[list[str], list[str]]]:
    for words, options in COMMAND.findall(text):
        yield words.split(), re.findall(r"--[a-z]+", options)


def _unknown(command: Any, words: list[str], options: list[str]) -> str:
    for word in words:
        if not isinstance(command, TyperGroup):
            break  # an argument
        if word not in command.commands:
            return f"cti has no command {word!r} in {' '.join(words)!r}"
        command = command.commands[word]
    known = {name for option in command.params for name in option.opts} | {"--help"}
    strange = [option for option in options if option not in known]
    return f"cti {' '.join(words)} has no {strange}" if strange else ""


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    cti = typer.main.get_command(app)
    problems = [_unknown(cti, *named) for named in _commands(page.read_text("utf-8"))]
    assert not [problem for problem in problems if problem]


def test_a_command_that_does_not_exist_is_noticed() -> None:
    cti = typer.main.get_command(app)
    text = "Type `cti cals list`, `cti calls lst`, `cti doctor --fast`, `cti doctor --settings F`."
    problems = [_unknown(cti, *named) for named in _commands(text)]
    assert [bool(problem) for problem in problems] == [True, True, True, False]


def test_every_command_of_cti_is_named_in_some_page() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    paths = list(_leaves(typer.main.get_command(app)))
    assert "calls show" in paths
    assert not [path for path in paths if f"cti {path}" not in text]


def _leaves(command: Any, path: str = "") -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield path
        return
    for name, below in command.commands.items():
        yield from _leaves(below, f"{path} {name}".strip())


def _setting_keys(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _setting_keys(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


SETTINGS: Final = tuple(_setting_keys(yaml.safe_load(DEFAULTS.read_text("utf-8"))))


@pytest.mark.parametrize("page", ["docs/operator.md", "docs/operator.zh-CN.md"])
def test_every_setting_is_described_for_the_operator(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert not [key for key in SETTINGS if f"`{key}`" not in text]


def test_defaults_hold_every_setting() -> None:
    known = set(Settings.model_fields)
    assert {key.partition(".")[0] for key in SETTINGS} == known


def test_every_default_is_explained_above_its_key() -> None:
    """A key explains itself by a comment above it, or above the keys that stand right before it."""
    bare: list[str] = []
    explained = False
    for line in DEFAULTS.read_text("utf-8").splitlines():
        if not line.strip():
            explained = False
        elif line.lstrip().startswith("#"):
            explained = True
        elif line.endswith(":"):  # a section
            explained = False
        elif not explained:
            bare.append(line)
    assert not bare


@pytest.mark.parametrize("page", ["docs/flows.md", "docs/flows.zh-CN.md"])
def test_the_example_of_a_flow_fits_the_example_site(page: str, tmp_path: Path) -> None:
    example = next(body for kind, body in CODE.findall((ROOT / page).read_text()) if kind == "yaml")
    (tmp_path / "main.yaml").write_text(example, "utf-8")
    flow = load_flow(
        tmp_path / "main.yaml",
        site=site_parts(load_site(SITE)),
        prompts=PromptLibrary(ROOT / "ivr_flows/prompts", "/prompts", "zh-CN"),
    )

    kinds = {type(step) for step in flow.steps.values()}
    assert kinds == {Play, Menu, SwitchLanguage, Queue}


@pytest.mark.parametrize("page", ["docs/flows.md", "docs/flows.zh-CN.md"])
def test_every_kind_of_step_and_every_key_of_it_is_described(page: str) -> None:
    rows = dict(
        re.findall(r"^\| `([a-z]+)` \| (.*?) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    )
    for kind, schema in STEP_SCHEMAS.items():
        keys = set(schema.model_fields) - {"do"}
        missing = [key for key in keys if f"`{key}`" not in rows.get(kind, "")]
        assert kind in rows
        # What is the same for every question is described once.
        assert set(missing) <= {
            "no_key",
            "wait_seconds",
            "between_seconds",
            "timeout_seconds",
            "end_key",
            "meanwhile",
        }, (kind, missing)


def test_every_prompt_of_the_catalogue_is_described() -> None:
    text = (ROOT / "docs/prompts.md").read_text("utf-8")
    prompts = [name for name in read_catalogue() if not name.startswith("say/")]
    assert not [name for name in prompts if f"`{name}`" not in text]


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "docs/dependencies.md").read_text("utf-8").lower()
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.findall(r'^ {4}"([a-z0-9-]+)(?:\[\w+\])?==', project, re.MULTILINE)
    assert named
    assert not [package for package in named if package not in text]


@pytest.mark.parametrize("english", sorted((ROOT / "docs").glob("*.zh-CN.md")), ids=_name)
def test_a_page_and_its_translation_name_the_same_code(english: Path) -> None:
    """Code in a table or a sentence is the same in every language."""
    chinese, english = english, english.with_name(english.name.replace(".zh-CN", ""))

    def code(page: Path) -> set[str]:
        spans = set(re.findall(r"`([^`\n]+)`", _prose(page)))
        return {span for span in spans if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+|--?[a-z]+", span)}

    assert code(chinese) == code(english)
