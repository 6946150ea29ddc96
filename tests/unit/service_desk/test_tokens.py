"""Services in the site file, and the tokens they know us by."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.errors import SettingsRefused
from config.site import Site, load_site
from service_desk.lookups import LookupRequest, Secret
from service_desk.tokens import tokens_of

ROOT = Path(__file__).resolve().parents[3]


def site(tmp_path: Path, services: object) -> Site:
    content = yaml.safe_load((ROOT / "config/sites/demo-water/site.yaml").read_text("utf-8"))
    content["services"] = services
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return load_site(file)


BILLING = {"url": "http://127.0.0.1:9180/api", "timeout_seconds": 3, "token_secret": "billing-2"}


def test_token_comes_from_the_environment_or_from_the_secrets(tmp_path: Path) -> None:
    made = site(tmp_path, {"billing": BILLING, "desk": {}})

    by_variable = tokens_of(made, {"CTI_TOKEN_BILLING_2": "a"}, {"token:billing-2": "b"}.get)
    by_file = tokens_of(made, {}, {"token:billing-2": "b"}.get)

    assert {name: token.reveal() for name, token in by_variable.items()} == {"billing": "a"}
    assert by_file["billing"].reveal() == "b"
    with pytest.raises(SettingsRefused, match="CTI_TOKEN_BILLING_2"):
        tokens_of(made, {}, lambda _: None)


@pytest.mark.parametrize(
    "service",
    [
        {"url": "ftp://x/"},
        {"url": "http://"},
        {"url": "http://user:pass@x/"},
        {"url": "http://x/?a=b"},
        {"url": "http://x/#y"},
        {"url": "http://x:99999/"},
        {"url": "http://x/ y"},
        {"url": "http://例子/"},
        {"url": "file:///etc/passwd"},
        {"url": "http://x/", "timeout_seconds": 11},
        {"url": "http://x/", "timeout_seconds": 0},
        {"token_secret": "x"},
        {"host": "x"},
    ],
)
def test_service_that_cannot_be_is_refused(tmp_path: Path, service: object) -> None:
    with pytest.raises(SettingsRefused, match="services"):
        site(tmp_path, {"billing": service})


def test_secret_is_shown_nowhere() -> None:
    request = LookupRequest(service="x", path="/", pin=Secret("864213"))
    assert "864213" not in f"{request} {request!r} {request.pin!s} {request.pin!r}"
    assert request.pin is not None
    assert request.pin.reveal() == "864213"
