"""What the prompts that come with the system say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

PROMPTS: Final = Path(__file__).parents[1] / "prompts"

Catalogue = dict[str, dict[str, str]]


def read_catalogue(folder: Path = PROMPTS) -> Catalogue:
    """Prompt name -> language -> text."""
    catalogue: Catalogue = yaml.safe_load((folder / "catalogue.yaml").read_text("utf-8"))
    return catalogue


def catalogue_of(folder: Path) -> Catalogue:
    """The catalogue in `folder`; empty when there is none that can be read: it only helps out
    where a recording is missing."""
    try:
        return read_catalogue(folder)
    except (OSError, yaml.YAMLError, UnicodeError):
        return {}
