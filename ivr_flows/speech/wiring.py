"""Speech as the settings want it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from config.settings import Settings
from config.site import Site
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.speech.catalogue import catalogue_of
from ivr_flows.speech.choice import EngineSpec, last_resort
from ivr_flows.speech.sounds import SoundBook, StandIn
from ivr_flows.speech.spoken import Places, Spoken
from ivr_flows.speech.workshop import Workshop


def kept_dir(settings: Settings) -> Path:
    """The folder of the sounds that belong to the site."""
    return Path(settings.speech.kept_dir or settings.site.parent / "spoken")


def engine_spec(settings: Settings) -> EngineSpec:
    speech = settings.speech
    return EngineSpec(
        engine=speech.engine,
        model_dir=speech.model_dir,
        command=tuple(speech.command),
        url=speech.url,
        voices=speech.voices,
        seconds=speech.build_seconds,
    )


def places_of(settings: Settings) -> Places:
    speech = settings.speech
    return Places(
        kept=kept_dir(settings),
        cache=settings.path(speech.cache_dir),
        cache_in_asterisk=speech.cache_dir_in_asterisk.rstrip("/"),
        most_bytes=speech.cache_megabytes * 1_000_000,
    )


def spoken_of(settings: Settings) -> Spoken:
    """The store of spoken texts with the engines that this machine has."""
    spec = engine_spec(settings)
    spare = EngineSpec(engine=last_resort(spec), seconds=spec.seconds)
    return Spoken(places_of(settings), Workshop(spec), Workshop(spare), spec.voices)


def sound_book(
    settings: Settings,
    site: Site,
    prompts: PromptLibrary,
    *,
    stood_in: Callable[[StandIn], None] = lambda kind: None,
) -> SoundBook:
    """The sounds of `site`. `stood_in` is told each time that a caller hears something else than
    what was meant."""
    return SoundBook(
        prompts,
        spoken_of(settings),
        site.hotlines[0].language,
        patience_s=settings.speech.patience_seconds,
        catalogue=catalogue_of(settings.prompts.dir),
        stood_in=stood_in,
    )
