"""`cti ivr`: tools for those who write voice menus. Each command has a module of its own; a new one
is one line here."""

from __future__ import annotations

import typer

from cti.ivr_draw import draw_flow
from cti.ivr_lint import lint_flows
from cti.ivr_schema import print_schema
from cti.ivr_try import test_flows, try_flow

ivr_app = typer.Typer(no_args_is_help=True, help="Voice menus: check, draw, try, test.")
ivr_app.command("lint")(lint_flows)
ivr_app.command("draw")(draw_flow)
ivr_app.command("schema")(print_schema)
ivr_app.command("try")(try_flow)
ivr_app.command("test")(test_flows)
