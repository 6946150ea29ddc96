"""What a site says and where the sound of it is: one list for `cti prompts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ivr_flows.model import Flow
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.sayings import PAUSE, clip_names
from ivr_flows.says import values_in
from ivr_flows.speech.errors import TextRefused
from ivr_flows.speech.kept import Kept
from ivr_flows.speech.spoken import ENGINES, Places
from ivr_flows.speech.text import key_of, speakable
from ivr_flows.speech.texts import said_clips, said_texts

if TYPE_CHECKING:
    from ivr_flows.speech.listening import Heard

Source = Literal["studio", "shipped", "kept", "cache", "missing", "refused"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is said in `language`. `text` is what it says as far as that is known,
    `prompt` its name when it is recorded, `key` the name of its spoken sound."""

    language: str
    where: str
    source: Source
    text: str = ""
    prompt: str = ""
    key: str = ""
    engine: str = ""
    file: Path | None = None
    why: str = ""

    @property
    def name(self) -> str:
        return self.prompt or self.text

    def heard(self) -> Heard | None:
        """What its sound is like; None when there is none."""
        from ivr_flows.speech.listening import listen  # noqa: PLC0415 - brings in numpy

        return listen(self.file) if self.file is not None else None


@dataclass(frozen=True, slots=True)
class Stale:
    """A kept sound, or an entry of the index, that nothing says."""

    language: str
    key: str
    text: str
    why: Literal["orphan", "changed", "lost"]
    """No flow says it; the index holds another text than the sound's; the sound is gone."""


class Inventory:
    """Looks each thing up once, when it is asked for."""

    def __init__(
        self,
        flows: Iterable[Flow],
        *,
        prompts: PromptLibrary,
        kept: Kept,
        places: Places,
        voices: Mapping[str, str],
        catalogue: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._flows = tuple(flows)
        self._prompts = prompts
        self._kept = kept
        self._places = places
        self._voices = voices
        self._catalogue = catalogue

    def items(self) -> tuple[Item, ...]:
        """Texts in the order of the flows, then recorded prompts, then words of numbers."""
        found: dict[tuple[str, str, str], Item] = {}
        for item in (*self._texts(), *self._clips(), *self._words_of_values()):
            found.setdefault((item.language, item.prompt, item.key or item.text), item)
        return tuple(found.values())

    def stale(self) -> tuple[Stale, ...]:
        """Kept sounds that are of no use any more."""
        wanted = {(item.language, item.key) for item in self.items() if item.key}
        entries = self._kept.entries
        found: list[Stale] = []
        for language, key in sorted(self._kept.sounds() | entries.keys()):
            entry = entries.get((language, key))
            text = entry.text if entry is not None else ""
            if entry is not None and self._key(text, language) != key:
                found.append(Stale(language, key, text, "changed"))
            elif (language, key) not in wanted:
                found.append(Stale(language, key, text, "orphan"))
            elif not self._kept.file(language, key).is_file():
                found.append(Stale(language, key, text, "lost"))
        return tuple(found)

    # -------------------------------------------------------------------------------------- inside

    def _texts(self) -> Iterator[Item]:
        for said in said_texts(self._flows):
            yield self._spoken(said.text, said.language, said.where)

    def _clips(self) -> Iterator[Item]:
        for said in said_clips(self._flows):
            yield self._recorded(said.prompt, said.language, said.where)

    def _words_of_values(self) -> Iterator[Item]:
        """Every clip that a value may need, for the languages in which flows say values."""
        languages: dict[str, str] = {}
        for flow in self._flows:
            for step in flow.steps.values():
                for heard in step.says():
                    if any(value.kind != "text" for value in values_in(heard.say)):
                        for language in flow.languages:
                            languages.setdefault(language, f"{flow.id}: steps.{step.id}")
        clips = clip_names()
        for language, where in languages.items():
            for name in clips.get(language, {}):
                if name != PAUSE:
                    yield self._recorded(name, language, where)

    def _recorded(self, name: str, language: str, where: str) -> Item:
        text = self._text_of(name, language)
        file = self._prompts.file(name, language)
        if file is not None:
            source: Source = "studio" if self._prompts.is_studio(file) else "shipped"
            return Item(language, where, source, text, name, file=file)
        if text:
            return self._spoken(text, language, where, name)
        why = "there is no recording, and no text to speak instead"
        return Item(language, where, "missing", text, name, why=why)

    def _spoken(self, text: str, language: str, where: str, prompt: str = "") -> Item:
        key = self._key(text, language)
        if not key:
            try:
                speakable(text)
            except TextRefused as refused:
                return Item(language, where, "refused", text, prompt, why=str(refused))
        entry = self._kept.entry(language, key)
        if entry is not None:
            file = self._kept.file(language, key)
            return Item(language, where, "kept", text, prompt, key, entry.engine, file)
        for engine in ENGINES:
            file = self._places.cache / engine / language / f"{key}.wav"
            if file.is_file():
                return Item(language, where, "cache", text, prompt, key, engine, file)
        return Item(language, where, "missing", text, prompt, key, why="nobody has spoken it yet")

    def _text_of(self, name: str, language: str) -> str:
        words = clip_names().get(language, {}).get(name)
        return words or self._catalogue.get(name, {}).get(language, "")

    def _key(self, text: str, language: str) -> str:
        try:
            return key_of(text, language, self._voices.get(language, ""))
        except TextRefused:
            return ""
