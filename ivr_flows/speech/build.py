"""`python -m ivr_flows.speech.build MODEL_FOLDER [NAME ...]`: make the prompts of the catalogue.

Words of numbers are made by `ivr_flows.speech.clips`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import track

from ivr_flows.speech.catalogue import PROMPTS, read_catalogue
from ivr_flows.speech.clips import is_made_here
from ivr_flows.speech.engine import make_prompt
from ivr_flows.speech.kokoro import Kokoro
from ivr_flows.speech.text import parts_of
from ivr_flows.speech.wav import write_wav

__all__ = ["PROMPTS", "main", "make_prompt", "parts_of", "read_catalogue"]


def main(model_folder: str, *names: str) -> None:
    engine = Kokoro(Path(model_folder))
    catalogue = read_catalogue()
    wanted = [
        (name, language, text)
        for name, texts in catalogue.items()
        if not is_made_here(name) and (not names or name in names)
        for language, text in texts.items()
    ]
    for name, language, text in track(wanted, description="Speaking"):
        write_wav(PROMPTS / language / f"{name}.wav", make_prompt(engine, text, language))


if __name__ == "__main__":
    main(*sys.argv[1:])
