"""The menus made from settings and site, as the daemon makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.plan import Plan
from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.menus import prompts_of, shelf_of
from ivr_flows.errors import FlowRefused
from ivr_flows.shelf import FlowShelf
from tests.contract.agi.stage import FLOW_FILE, recordings

SITE_FILE = FLOW_FILE.parents[1] / "site.yaml"


def _shelf(prompts: Path, site: Site | None = None, **over: Any) -> FlowShelf:
    settings: Settings = load_settings(
        site=str(SITE_FILE),
        prompts={"dir": str(prompts), "dir_in_asterisk": "/sounds"},
        **over,
    )
    site = site or load_site(SITE_FILE)
    return shelf_of(settings, site, prompts_of(settings, site))


def test_every_flow_of_the_example_site_is_on_the_shelf(tmp_path: Path) -> None:
    recordings(tmp_path)
    shelf = _shelf(tmp_path)
    assert "main" in shelf.current().flows
    assert shelf.refused is None
    assert not shelf.look()


def test_site_whose_flow_cannot_be_spoken_is_refused_with_its_lines(tmp_path: Path) -> None:
    recordings(tmp_path)
    (tmp_path / "en" / "no-key.wav").unlink()
    with pytest.raises(FlowRefused, match=r"main\.yaml:\d+:\d+: .*'no-key' is not recorded in en"):
        _shelf(tmp_path)


def test_flow_of_a_queue_that_the_site_has_not_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path)
    site = load_site(SITE_FILE)
    queues = {name: queue for name, queue in site.queues.items() if name != "bills"}
    with pytest.raises(FlowRefused, match=r"main\.yaml:\d+:\d+: .*there is no queue 'bills'"):
        _shelf(tmp_path, site.model_copy(update={"queues": queues}))


def test_flow_that_only_a_plan_sends_callers_to_must_be_there(tmp_path: Path) -> None:
    recordings(tmp_path)
    site = load_site(SITE_FILE)
    rules = [{"when": "closed", "to": {"flow": "flood"}}]
    plan = Plan.model_validate(
        {"name": {"en": "Flood"}, "queues": {next(iter(site.queues)): {"overflow": rules}}}
    )
    with pytest.raises(FlowRefused, match="flood"):
        _shelf(tmp_path, site.model_copy(update={"plans": {"flood": plan}}))
