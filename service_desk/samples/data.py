"""The sample billing system's data, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from service_desk.errors import SampleDataRefused

SHIPPED: Final = Path(__file__).with_name("billing.yaml")


class _TextLoader(yaml.CSafeLoader):
    """Numbers and days stay text: 86.40 keeps its last digit."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - as in its base class


_Number = Annotated[Decimal, BeforeValidator(str)]
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(_Part):
    customer: _Word
    name: str
    area: _Word
    balance: _Number
    usage: _Number
    due: date
    pin: Annotated[str, Field(pattern=r"^\$argon2id\$")]


class Outage(_Part):
    place: str
    from_: Annotated[str, Field(alias="from")]
    until: str
    reason: str


class Order(_Part):
    kind: str
    state: _Word
    state_text: str
    day: date


class SampleData(_Part):
    accounts: Mapping[str, Account]
    areas: Mapping[str, tuple[Outage, ...]]
    orders: Mapping[str, Order]


def load(file: Path = SHIPPED) -> SampleData:
    """Raises SampleDataRefused."""
    try:
        with file.open(encoding="utf-8") as source:
            return SampleData.model_validate(yaml.load(source, _TextLoader))  # noqa: S506 - safe
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SampleDataRefused(file, str(error)) from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SampleDataRefused(file, f"{place}: {first['msg']}") from error
