"""`python -m ivr_flows.speech.build MODEL_FOLDER [NAME ...]`: make the prompts of the catalogue."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from rich.progress import track

from ivr_flows.speech.engine import TELEPHONE_HZ, Samples, SpeechEngine, to_telephone, write_wav
from ivr_flows.speech.kokoro import Kokoro

PROMPTS: Final = Path(__file__).parents[1] / "prompts"
_SWITCH: Final = re.compile(r"\[(zh-CN|en)\]")
_BETWEEN_LANGUAGES: Final = np.zeros(int(0.25 * TELEPHONE_HZ), np.float32)

Catalogue = dict[str, dict[str, str]]


def read_catalogue(folder: Path = PROMPTS) -> Catalogue:
    """Prompt name -> language -> text."""
    catalogue: Catalogue = yaml.safe_load((folder / "catalogue.yaml").read_text("utf-8"))
    return catalogue


def parts_of(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(language, text) of each stretch that one voice speaks."""
    first, *rest = _SWITCH.split(text)
    yield language, first.strip()
    for switched, words in zip(rest[0::2], rest[1::2], strict=True):
        yield switched, words.strip()


def make_prompt(engine: SpeechEngine, text: str, language: str) -> Samples:
    """The whole prompt at 8 kHz."""
    sounds: list[Samples] = []
    for spoken, words in parts_of(text, language):
        sounds += [to_telephone(*engine.speak(words, spoken)), _BETWEEN_LANGUAGES]
    return np.concatenate(sounds[:-1])


def main(model_folder: str, *names: str) -> None:
    engine = Kokoro(Path(model_folder))
    catalogue = read_catalogue()
    wanted = [
        (name, language, text)
        for name, texts in catalogue.items()
        if not names or name in names
        for language, text in texts.items()
    ]
    for name, language, text in track(wanted, description="Speaking"):
        write_wav(PROMPTS / language / f"{name}.wav", make_prompt(engine, text, language))


if __name__ == "__main__":
    main(*sys.argv[1:])
