"""The sounds that belong to a site, beside its site file and under version control.

spoken/index.yaml          what each file says, and which engine made it
spoken/LANGUAGE/KEY.wav
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from config.errors import SettingsRefused
from config.yaml_file import read_yaml
from ivr_flows.speech.errors import SoundNotKept, reason
from ivr_flows.speech.files import write_whole
from ivr_flows.speech.spoken import sounds_in
from ivr_flows.speech.text import is_key

INDEX: Final = "index.yaml"
_HEAD: Final = """\
# What the sounds in this folder say. Written by `cti prompts build`: change the texts in the flows,
# not here. 本目录语音文件的内容清单，由 cti prompts build 写入；文本请在流程文件中修改。
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sound: its text and the engine that spoke it."""

    text: str
    engine: str


class Kept:
    """The folder `folder`. An index that cannot be read counts as empty: everything can be made
    again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[tuple[str, str], Entry] = dict(_entries(folder / INDEX))

    def file(self, language: str, key: str) -> Path:
        return self.folder / language / f"{key}.wav"

    def entry(self, language: str, key: str) -> Entry | None:
        """What the index says of a sound that is there; None when there is none."""
        if not self.file(language, key).is_file():
            return None
        return self._entries.get((language, key), Entry("", ""))

    @property
    def entries(self) -> Mapping[tuple[str, str], Entry]:
        """(language, key) to what the index says, whether the sound is there or not."""
        return dict(self._entries)

    def sounds(self) -> frozenset[tuple[str, str]]:
        """(language, key) of every sound that is there."""
        return frozenset((file.parent.name, file.stem) for file in sounds_in(self.folder))

    def note(self, language: str, key: str, entry: Entry) -> None:
        """A sound has been made; the index is written at once, so that a build that is cut off
        goes on where it was. Raises SoundNotKept."""
        self._entries[language, key] = entry
        self._write()

    def drop(self, language: str, key: str) -> None:
        """Delete a sound and its entry. Raises SoundNotKept."""
        file = self.file(language, key)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise SoundNotKept(file, reason(error)) from error
        if self._entries.pop((language, key), None) is not None:
            self._write()

    def _write(self) -> None:
        languages: dict[str, dict[str, dict[str, str]]] = {}
        for (language, key), entry in sorted(
            self._entries.items(), key=lambda one: (one[0][0], one[1].text, one[0][1])
        ):
            one = {"text": entry.text, "engine": entry.engine}
            languages.setdefault(language, {})[key] = one
        text = yaml.safe_dump(languages, allow_unicode=True, sort_keys=False, width=100)
        write_whole(self.folder / INDEX, (_HEAD + text).encode())


def _entries(file: Path) -> Iterator[tuple[tuple[str, str], Entry]]:
    if not file.is_file():
        return
    with contextlib.suppress(SettingsRefused):
        for language, sounds in read_yaml(file).values.items():
            for key, one in _mapping(sounds).items():
                values = _mapping(one)
                if is_key(str(key)):
                    entry = Entry(str(values.get("text", "")), str(values.get("engine", "")))
                    yield (str(language), str(key)), entry


def _mapping(values: Any) -> Mapping[Any, Any]:
    return values if isinstance(values, Mapping) else {}
