"""Text with places for values of the call: `/accounts/{account}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ivr_flows.says import TextMisread, Value, Words, read_text


@dataclass(frozen=True, slots=True)
class Template:
    """`parts` are fixed text and names of values, in order."""

    parts: tuple[str | Value, ...]

    @classmethod
    def read(cls, text: str) -> Template:
        """Raises TextMisread."""
        return cls(tuple(_parts(text)))

    def names(self) -> frozenset[str]:
        """The values it needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, Value))

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its values; one that is not known is empty."""
        return "".join(
            part if isinstance(part, str) else values.get(part.name, "") for part in self.parts
        )

    def fill_path(self, values: Mapping[str, str]) -> str | None:
        """The text as a path of a URL (RFC 3986, 3.3); None when a value is not known or cannot
        stand in a path. A value stays inside its segment: whatever a caller or another system
        sends, it adds no segment, climbs to none above and begins no query."""
        pieces: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            value = values.get(part.name, "")
            if not value.strip("."):
                return None
            pieces.append(quote(value, safe=""))
        return "".join(pieces)


def _parts(text: str) -> Iterator[str | Value]:
    done = 0
    while (start := text.find("{", done)) >= 0:
        end = text.find("}", start)
        if end < 0:
            raise TextMisread("a curly bracket without its partner")
        if start > done:
            yield text[done:start]
        place = read_text(text[start : end + 1])
        # `{name}` and nothing else: a kind is a matter of speaking.
        if len(place) != 1 or isinstance(place[0], Words) or place[0].kind != "text":
            raise TextMisread(f"{text[start : end + 1]} is no place for a value; write {{name}}")
        yield place[0]
        done = end + 1
    if "}" in text[done:]:
        raise TextMisread("a curly bracket without its partner")
    if done < len(text):
        yield text[done:]
