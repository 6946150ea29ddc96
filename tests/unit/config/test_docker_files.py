"""The Docker files fit the project: they name only what exists, and keep AMI inside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.asterisk import TEMPLATES, InstancePaths
from config.settings import load_settings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docker" / "asterisk"
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_dockerfile_copies_only_what_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+) \S+$", DOCKERFILE, re.MULTILINE)
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source


def test_stages_are_defined_before_they_are_used() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)
    for match in re.finditer(r"--from=(\S+)", DOCKERFILE):
        assert match[1] in stages
        assert DOCKERFILE.index(f" AS {match[1]}\n") < match.start()


def test_compose_builds_stages_that_exist_from_the_projects_folder(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        if (build := service.get("build")) is not None:
            context = (FOLDER / build["context"]).resolve()
            assert context == ROOT
            assert (context / build["dockerfile"]).is_file()
            assert f" AS {build['target']}\n" in DOCKERFILE


def test_compose_mounts_only_its_own_volumes(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            assert mount.split(":")[0] in compose["volumes"]


def test_compose_waits_only_for_services_that_exist(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_images_and_default_settings_agree_on_the_folders(compose: dict[str, Any]) -> None:
    settings = load_settings()
    packaged = InstancePaths.packaged()
    mounts = {
        mount.split(":")[1]
        for name in ("asterisk", "daemon", "config")
        for mount in compose["services"][name]["volumes"]
    }
    assert {packaged.etc, packaged.lib, packaged.log} <= mounts
    spool = settings.recording.spool_dir_in_asterisk
    assert spool in mounts
    assert f"CTI_RECORDING__SPOOL_DIR={spool}" in DOCKERFILE
    assert f"COPY ivr_flows/prompts {settings.prompts.dir_in_asterisk}\n" in DOCKERFILE


def test_what_the_daemon_speaks_is_what_asterisk_plays(compose: dict[str, Any]) -> None:
    speech = load_settings().speech
    spoken = speech.cache_dir_in_asterisk
    state = re.findall(r"CTI_STATE_DIR=(\S+)", DOCKERFILE)
    assert state == [spoken.removesuffix(f"/{speech.cache_dir}")]
    services = compose["services"]
    assert f"spoken:{spoken}:ro" in services["asterisk"]["volumes"]
    assert f"spoken:{spoken}" in services["daemon"]["volumes"]
    # Whichever container comes first makes the volume, with the owner of its own folder.
    assert DOCKERFILE.count(spoken.removeprefix("/")) == 2


def test_every_module_in_the_list_is_written_once() -> None:
    modules = re.findall(
        r"^load = (\S+)$", (TEMPLATES / "modules.conf.j2").read_text("utf-8"), re.MULTILINE
    )
    assert len(modules) == len(set(modules))
