"""A speech engine behind HTTP.

    POST speech.url   {"text": "...", "language": "zh-CN", "voice": ""}   ->   200, audio/wav

Redirects are not followed: the texts of a hotline go nowhere but to the address that was set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp

from ivr_flows.speech.errors import EngineFailed, EngineMissing, EngineTooSlow, SoundUnusable
from ivr_flows.speech.text import speakable
from ivr_flows.speech.wav import MAX_BYTES, Samples, read_wav

_CHUNK: Final = 65536


class Http:
    """One request for each text, within `seconds` in all."""

    mixes_languages: Final = True

    def __init__(
        self, url: str, *, voices: Mapping[str, str] | None = None, seconds: float
    ) -> None:
        if not url:
            raise EngineMissing("http", "speech.url is empty")
        self._url = url
        self._voices = dict(voices or {})
        self._seconds = seconds

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """Blocks; not for a thread with a running event loop. Raises SpeechError."""
        wanted = {
            "text": speakable(text),
            "language": language,
            "voice": self._voices.get(language, ""),
        }
        return read_wav(asyncio.run(self._asked(wanted)))

    async def _asked(self, wanted: Mapping[str, str]) -> bytes:
        try:
            async with (
                asyncio.timeout(self._seconds),
                aiohttp.ClientSession(auto_decompress=False) as session,
                session.post(self._url, json=wanted, allow_redirects=False) as answer,
            ):
                return await _body(answer)
        except TimeoutError:
            raise EngineTooSlow("http", self._seconds) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise EngineFailed("http", str(error) or type(error).__name__) from None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise EngineFailed("http", f"it answered {answer.status}")
    if answer.content_type not in ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"):
        raise SoundUnusable(f"the answer is {answer.content_type}, not audio/wav")
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise SoundUnusable(f"it is larger than {MAX_BYTES} bytes")
    return bytes(body)
