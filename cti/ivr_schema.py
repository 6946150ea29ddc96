"""`cti ivr schema`: the JSON Schema of flow files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cti.errors import JietongError
from ivr_flows.json_schema import as_text


def print_schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file; printed when not said.")
    ] = None,
) -> None:
    """The JSON Schema of flow files, for editors that complete and check."""
    if out is None:
        typer.echo(as_text(), nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(as_text(), encoding="utf-8")
    except OSError as error:
        raise JietongError(f"{out} cannot be written: {error.strerror or error}") from error
    typer.echo(str(out))
