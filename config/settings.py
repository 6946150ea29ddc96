"""The daemon's settings: where things are and how long they may take.

Precedence: environment (`CTI_HTTP__PORT=8081`), then the settings file, then `defaults.yaml`
beside this module, which explains every key. What a hotline *is* (numbers, queues, seats) is in
the site file: `config.site`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.yaml_file import YamlFile, read_yaml, validate

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
DEFAULTS = Path(__file__).parent / "defaults.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AsteriskSettings(_Section):
    host: str
    ami_port: Port
    ami_username: str
    ami_secret: str
    sip_host: str
    sip_port: Port
    rtp_first_port: Port
    rtp_last_port: Port
    trunk_addresses: list[str]
    trunk_contact: Annotated[str, Field(pattern=r"^sip:[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
    system_name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,16}$")]
    root_dir: Path
    """The sandbox root; empty instance folders inside it hold one Asterisk each."""
    music_dir: str
    no_sign_seconds: Annotated[float, Field(ge=0.5, le=30)]


class AgiSettings(_Section):
    host: str
    port: Port
    step_timeout: Seconds


class HttpSettings(_Section):
    host: str
    port: Port
    allowed_hosts: list[str]
    token_minutes: Annotated[int, Field(ge=1, le=1440)]


class DatabaseSettings(_Section):
    url: str


class RecordingSettings(_Section):
    spool_dir: Path
    spool_dir_in_asterisk: str
    store_dir: Path


class PromptSettings(_Section):
    dir: Path
    dir_in_asterisk: str


class SpeechSettings(_Section):
    """The engine that turns the flows' texts into sound, and where the sound is kept."""

    engine: Literal["auto", "kokoro", "espeak", "command", "http", "none"]
    model_dir: Annotated[str, Field(max_length=4096)]
    command: list[Annotated[str, Field(min_length=1, max_length=4096)]]
    url: Annotated[str, Field(pattern=r"^(https?://[^\s]{1,2000})?$")]
    voices: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")],
        Annotated[str, Field(max_length=64)],
    ]
    patience_seconds: Annotated[float, Field(gt=0, le=10)]
    build_seconds: Annotated[float, Field(gt=0, le=600)]
    kept_dir: Annotated[str, Field(max_length=4096)]
    cache_dir: Path
    cache_dir_in_asterisk: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]{1,255}$")]
    cache_megabytes: Annotated[int, Field(ge=1, le=1_000_000)]


class LifeSettings(_Section):
    beat_seconds: Seconds
    away_seconds: Annotated[int, Field(ge=2, le=60)]


class Settings(BaseSettings):
    """All settings. Raises `config.errors.SettingsRefused` through `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="CTI_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    site: Path
    state_dir: Path
    asterisk: AsteriskSettings
    agi: AgiSettings
    http: HttpSettings
    database: DatabaseSettings
    recording: RecordingSettings
    prompts: PromptSettings
    speech: SpeechSettings
    life: LifeSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def path(self, path: Path) -> Path:
        """`path` itself when absolute, else below the state folder."""
        return path if path.is_absolute() else self.state_dir / path


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merged(below, value)
        else:
            merged[key] = value
    return merged


def load_settings(file: Path | None = None, **over: Any) -> Settings:
    """Read defaults, then `file`, then the environment; `over` is for tests and the sandbox.

    Raises SettingsRefused naming file, line, key and what is allowed.
    """
    defaults = read_yaml(DEFAULTS)
    own = read_yaml(file) if file else YamlFile.empty()
    values = _merged(_merged(defaults.values, own.values), over)
    return validate(Settings, values, own if file else defaults, environment_prefix="CTI_")
