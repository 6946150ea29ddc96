"""The server made from settings and site, as the daemon makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.agi.server import AgiServer
from ivr_flows.errors import FlowRefused
from tests.contract.agi.stage import FLOW_FILE, call, recordings
from tests.fakes.agi_peer import Caller

SITE_FILE = FLOW_FILE.parents[1] / "site.yaml"


def _settings(prompts: Path, **over: Any) -> tuple[Settings, Site]:
    settings = load_settings(
        site=str(SITE_FILE),
        agi={"port": 0},
        prompts={"dir": str(prompts), "dir_in_asterisk": "/sounds"},
        **over,
    )
    return settings, load_site(SITE_FILE)


async def test_example_sites_hotline_is_served(tmp_path: Path) -> None:
    recordings(tmp_path)
    server = AgiServer.for_site(*_settings(tmp_path))
    await server.start()
    try:
        caller = await call(server, Caller(keys="2"))
    finally:
        await server.stop()
    assert caller.variables["CTI_QUEUE"] == "bills"
    assert caller.sounds[0] == "/sounds/zh-CN/greeting"


def test_site_whose_flow_cannot_be_spoken_is_refused_with_its_lines(tmp_path: Path) -> None:
    recordings(tmp_path)
    (tmp_path / "en" / "no-key.wav").unlink()
    with pytest.raises(FlowRefused, match=r"main\.yaml:31:\d+: .*'no-key' is not recorded in en"):
        AgiServer.for_site(*_settings(tmp_path))


def test_flow_of_a_queue_that_the_site_has_not_is_refused(tmp_path: Path) -> None:
    recordings(tmp_path)
    settings, site = _settings(tmp_path)
    queues = {name: queue for name, queue in site.queues.items() if name != "bills"}
    smaller = site.model_copy(update={"queues": queues})
    with pytest.raises(FlowRefused, match=r"main\.yaml:53:\d+: .*there is no queue 'bills'"):
        AgiServer.for_site(settings, smaller)
