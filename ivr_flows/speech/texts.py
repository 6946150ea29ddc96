"""Everything that a site's flows say, gathered from the flows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ivr_flows.model import Flow
from ivr_flows.says import Text, Words
from ivr_flows.speech.errors import TextRefused
from ivr_flows.speech.text import speakable


@dataclass(frozen=True, slots=True)
class SaidText:
    """A stretch of fixed text and one place that says it: `main: steps.menu.say`."""

    text: str
    language: str
    where: str


@dataclass(frozen=True, slots=True)
class SaidClip:
    """A recorded prompt, a language that plays it and one place that does."""

    prompt: str
    language: str
    where: str


def said_texts(flows: Iterable[Flow]) -> tuple[SaidText, ...]:
    """Each text once for each language, in the order of the flows."""
    found: dict[tuple[str, str], SaidText] = {}
    for where, part, _ in _texts(flows):
        for language, words in part.parts.items():
            for word in words:
                if isinstance(word, Words):
                    found.setdefault((language, word.text), SaidText(word.text, language, where))
    return tuple(found.values())


def said_clips(flows: Iterable[Flow]) -> tuple[SaidClip, ...]:
    """Each recorded prompt once for each language of the flows that play it."""
    found: dict[tuple[str, str], SaidClip] = {}
    for flow in flows:
        for step in flow.steps.values():
            for voice in step.voices():
                for language in flow.languages:
                    where = f"{flow.id}: steps.{step.id}.{'.'.join(voice.key)}"
                    found.setdefault(
                        (language, voice.prompt), SaidClip(voice.prompt, language, where)
                    )
    return tuple(found.values())


def in_main_language(flows: Iterable[Flow]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """(language, text) to the same in the flow's main language, where that is one stretch too.

    Texts come as `speakable` makes them; what is broken by values has no equal part elsewhere.
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for _, part, main in _texts(flows):
        match part.parts.get(main):
            case (Words(text=main_text),):
                for language, words in part.parts.items():
                    match words:
                        case (Words(text=text),) if language != main:
                            found.setdefault((language, _plain(text)), (main, _plain(main_text)))
                        case _:
                            pass
            case _:
                pass
    return found


def _texts(flows: Iterable[Flow]) -> Iterator[tuple[str, Text, str]]:
    """Place, text and the flow's main language."""
    for flow in flows:
        for step in flow.steps.values():
            for heard in step.says():
                for part in heard.say:
                    if isinstance(part, Text):
                        where = f"{flow.id}: steps.{step.id}.{'.'.join(heard.key)}"
                        yield where, part, flow.languages[0]


def _plain(text: str) -> str:
    try:
        return speakable(text)
    except TextRefused:
        return text
