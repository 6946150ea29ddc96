"""A sentence for people about one fact, in Chinese or English. Pure.

A wait is shown with the two stamps that it is the difference of, an offer with the rule and the
ranking behind it, so that a figure in dispute can be followed by hand.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import tzinfo
from typing import Final

from cti.facts import AgiCommandEnded, Fact, FlowMarked, SnapshotTaken
from cti.store.codec import UnknownFact
from cti.store.sentences_en import ENGLISH
from cti.store.sentences_zh import CHINESE
from cti.store.speech import HOME_ZONE, Language, Names, Speech, plain

_HIDDEN: Final[dict[type[Fact], tuple[str, ...]]] = {
    AgiCommandEnded: ("result",),
    FlowMarked: ("data",),
    SnapshotTaken: ("channels", "members", "devices"),
}
"""Fields of raw reports that no sentence shows: what a caller keyed may be a PIN."""


class Narrator:
    """Says what a fact means. Call it with a fact and a language; empty when there is no sentence
    for people (raw reports of Asterisk; see `raw`)."""

    def __init__(self, names: Names | None = None, zone: tzinfo = HOME_ZONE) -> None:
        self._names = names or Names()
        self._zone = zone

    def __call__(self, fact: Fact, language: Language) -> str:
        sentences = ENGLISH if language == "en" else CHINESE
        say = sentences.get(type(fact))
        return say(fact, Speech(self._names, language, self._zone)) if say else ""


def raw(fact: Fact) -> str:
    """A report as it stands, for those who look for a fault: kind and fields."""
    if isinstance(fact, UnknownFact):
        return plain(f"{fact.kind}? {fact.body}", 400)
    hidden = _HIDDEN.get(type(fact), ())
    parts = (
        f"{part.name}={'…' if part.name in hidden else plain(str(getattr(fact, part.name)))}"
        for part in fields(fact)
        if part.name != "at"
    )
    return " ".join((type(fact).__name__, *parts))
