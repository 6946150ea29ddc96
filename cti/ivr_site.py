"""The flows of a site for the tools of `cti ivr`: found, read, and with the places of their parts.

Every command of `cti ivr` takes a flow by its name in the site or as a file anywhere.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Final

import typer

from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.menus import prompts_of, site_parts
from ivr_flows.errors import FlowRefused
from ivr_flows.loader import flow_files, load_flow
from ivr_flows.model import Flow
from ivr_flows.speech.catalogue import Catalogue, catalogue_of

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
SiteFile = Annotated[
    Path | None, typer.Option("--site", help="Another site file than that of the settings.")
]

_OTHER_VOICE: Final = re.compile(r"\[[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\]")
"""`[en]` in the catalogue of prompts: who speaks from here on."""


@dataclass(frozen=True)
class SiteTools:
    """A site whose flows are looked at. Nothing of it is running."""

    settings: Settings
    site: Site

    @classmethod
    def open(cls, settings_file: Path | None, site_file: Path | None) -> SiteTools:
        """Raises SettingsRefused."""
        settings = load_settings(settings_file)
        if site_file is not None:
            settings = settings.model_copy(update={"site": site_file.absolute()})
        return cls(settings, load_site(settings.site))

    @property
    def folder(self) -> Path:
        """Where the site's flows are."""
        return self.settings.site.parent / self.site.flows_dir

    def file_of(self, flow: str) -> Path:
        """The file of the flow named so, or the file `flow` itself."""
        return Path(flow) if flow.endswith((".yaml", ".yml")) else self.folder / f"{flow}.yaml"

    def load(self, file: Path) -> Flow:
        """Raises FlowRefused, each finding with its place."""
        return load_flow(
            file, site=site_parts(self.site), prompts=prompts_of(self.settings, self.site)
        )

    def load_all(self, files: Iterable[Path]) -> tuple[dict[str, Flow], dict[Path, FlowRefused]]:
        """The flows in `files`, and those of the site that they may call; and what was refused."""
        flows: dict[str, Flow] = {}
        refused: dict[Path, FlowRefused] = {}
        asked = {file.stem: file for file in files}
        for name, file in (flow_files(self.folder) | asked).items():
            try:
                flows[name] = self.load(file)
            except FlowRefused as error:
                refused[file] = error
        return flows, refused

    @cached_property
    def recordings(self) -> SiteRecordings:
        return SiteRecordings(self.settings.prompts.dir)

    def queue_names(self, language: str) -> Mapping[str, str]:
        return {name: queue.names.get(language, name) for name, queue in self.site.queues.items()}


class SiteRecordings:
    """Length and words of the recorded prompts in a folder, read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seconds = cache(self._seconds)

    def text(self, prompt: str, language: str) -> str | None:
        """What the prompt says, if it is one of those that come with the system."""
        text = self._catalogue.get(prompt, {}).get(language)
        return None if text is None else _OTHER_VOICE.sub("", text)

    def _seconds(self, prompt: str, language: str) -> float | None:
        for folder in (self._folder / "studio", self._folder):
            file = folder / language / f"{prompt}.wav"
            with suppress(OSError, EOFError, wave.Error), wave.open(str(file)) as sound:
                return float(sound.getnframes() / sound.getframerate())
        return None

    @cached_property
    def _catalogue(self) -> Catalogue:
        return catalogue_of(self._folder)
