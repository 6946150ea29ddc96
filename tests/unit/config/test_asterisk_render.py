"""What may stand in Asterisk's configuration, and what must."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from config.asterisk import (
    TEMPLATES,
    AsteriskConfigRefused,
    InstancePaths,
    event_names,
    render,
    write,
)
from config.secrets import Secrets
from config.settings import Settings, load_settings
from config.site import Hotline, Outside, Queue, Seat, Site, load_site

SITE = Path(__file__).parents[3] / "config/sites/demo-water/site.yaml"
EVENTS = ("Newchannel", "Hangup")


@pytest.fixture
def site() -> Site:
    return load_site(SITE)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "secrets.json")


def rendered(
    site: Site, secrets: Secrets, settings: Settings | None = None, **over: Any
) -> dict[str, str]:
    return render(
        settings or load_settings(**over),
        site,
        secrets,
        InstancePaths.of("pbx"),
        event_names=EVENTS,
    )


def section(text: str, name: str) -> list[str]:
    """Settings of the last section of that name (templates included), without comments."""
    found = re.split(rf"^\[{re.escape(name)}\][^\n]*\n", text, flags=re.MULTILINE)[-1]
    body = re.split(r"^\[", found, maxsplit=1, flags=re.MULTILINE)[0]
    return [line for line in body.splitlines() if line and not line.startswith(";")]


def test_every_template_becomes_a_file(site: Site, secrets: Secrets) -> None:
    assert set(rendered(site, secrets)) == {
        path.name.removesuffix(".j2") for path in TEMPLATES.glob("*.j2")
    }


def test_every_hotline_and_only_hotlines_are_extensions_of_the_trunk(
    site: Site, secrets: Secrets
) -> None:
    more = site.model_copy(
        update={"hotlines": [*site.hotlines, Hotline(number="+8612345", flow="main")]}
    )
    lines = section(rendered(more, secrets)["extensions.conf"], "from-trunk")
    extensions = [match[1] for line in lines if (match := re.match(r"exten => ([^,]+),1,", line))]
    assert extensions == ["12345", "+8612345"]


def water_police(number: str = "057112345", name: str = "water-police") -> dict[str, Outside]:
    return {name: Outside.model_construct(name={"en": "Police"}, number=number, ring_seconds=30)}


def test_outside_numbers_are_dialled_as_written_in_the_site_and_only_they(
    site: Site, secrets: Secrets
) -> None:
    files = rendered(site.model_copy(update={"outside": water_police()}), secrets)
    lines = section(files["extensions.conf"], "outside")
    dials = [line for line in lines if "Dial(" in line]
    assert len(dials) == 1
    assert dials[0].startswith("exten => to-water-police,1,Dial(PJSIP/057112345@trunk,30,")
    trunk = section(files["extensions.conf"], "from-trunk")
    assert not [line for line in trunk if "outside" in line], "no stranger gets there by dialling"


def test_a_site_without_outside_numbers_dials_none(site: Site, secrets: Secrets) -> None:
    text = rendered(site.model_copy(update={"outside": {}}), secrets)["extensions.conf"]
    assert not [line for line in section(text, "outside") if "Dial(" in line]


@pytest.mark.parametrize("number", ["0571&PJSIP/1", "1@evil", "${X}", "1,2", "+86571", "12\n3", ""])
def test_an_outside_number_that_is_not_digits_is_refused(
    site: Site, secrets: Secrets, number: str
) -> None:
    with pytest.raises(AsteriskConfigRefused, match=r"outside\.water-police\.number"):
        rendered(site.model_copy(update={"outside": water_police(number)}), secrets)


def test_an_outside_name_that_is_more_than_a_word_is_refused(site: Site, secrets: Secrets) -> None:
    with pytest.raises(AsteriskConfigRefused, match="outside"):
        rendered(site.model_copy(update={"outside": water_police(name="a,1,Hangup()")}), secrets)


def test_a_hotline_with_a_survey_says_so_on_the_channel(site: Site, secrets: Secrets) -> None:
    hotline = Hotline(number="12345", flow="main", after_call="survey")
    text = rendered(site.model_copy(update={"hotlines": [hotline]}), secrets)["extensions.conf"]
    assert " same => n,Set(CTI_AFTER_CALL=survey)" in section(text, "from-trunk")


def test_the_trunk_has_one_fixed_address_and_nobody_can_register_there(
    site: Site, secrets: Secrets
) -> None:
    text = rendered(site, secrets)["pjsip.conf"]
    assert "contact = sip:127.0.0.2:5070" in text
    assert text.count("type = aor\ncontact") == 1


def test_every_queue_is_a_queue_of_last_resort_with_its_own_times(
    site: Site, secrets: Secrets
) -> None:
    queues = {**site.queues, "night": Queue(name={"en": "Night"}, ring_seconds=7.2)}
    text = rendered(site.model_copy(update={"queues": queues}), secrets)["queues.conf"]
    assert "timeout = 8" in section(text, "night")
    for name in queues:
        assert "joinempty = yes" in section(text, name)


def test_every_seat_has_an_endpoint_with_its_own_password(site: Site, secrets: Secrets) -> None:
    text = rendered(site, secrets)["pjsip.conf"]
    for seat in site.seats.values():
        device = seat.device.removeprefix("PJSIP/")
        password = secrets.get(f"sip:{device}")
        assert section(text, f"{device}-auth") == [f"username = {device}", f"password = {password}"]


def with_seats(site: Site, **seats: Seat) -> Site:
    return site.model_copy(update={"seats": seats})


def test_every_device_of_a_seat_has_an_endpoint(site: Site, secrets: Secrets) -> None:
    seat = Seat(name="A", device="PJSIP/desk", devices=["PJSIP/home"], queues=["repairs"])
    text = rendered(with_seats(site, **{"1001": seat}), secrets)["pjsip.conf"]
    for device in ("desk", "home"):
        assert f"password = {secrets.get(f'sip:{device}')}" in section(text, f"{device}-auth")
    assert secrets.get("sip:desk") != secrets.get("sip:home")


def test_seats_dial_hotlines_and_seats_whose_ids_are_numbers_and_nothing_else(
    site: Site, secrets: Secrets
) -> None:
    seats = {
        "1001": Seat(name="A", device="PJSIP/desk", devices=["PJSIP/home"], queues=["repairs"]),
        "front-desk": Seat(name="B", device="PJSIP/front", queues=["repairs"]),
    }
    text = rendered(with_seats(site, **seats), secrets)["extensions.conf"]
    lines = [line for line in section(text, "from-seat") if line.startswith("exten")]
    numbers = [hotline.number for hotline in site.hotlines]
    assert lines == [
        *(f"exten => {number},1,Goto(from-trunk,{number},1)" for number in numbers),
        "exten => 1001,1,Dial(PJSIP/desk&PJSIP/home,30)",
    ]


def test_a_seat_with_a_hotlines_number_is_refused(site: Site, secrets: Secrets) -> None:
    seat = Seat(name="A", device="PJSIP/desk", queues=["repairs"])
    with pytest.raises(AsteriskConfigRefused, match="the number of a hotline"):
        rendered(with_seats(site, **{site.hotlines[0].number: seat}), secrets)


def test_a_lost_phone_is_seen_within_three_seconds(site: Site, secrets: Secrets) -> None:
    lines = dict(
        line.split(" = ")
        for line in section(rendered(site, secrets)["pjsip.conf"], "seat-aor")
        if line.startswith("qualify")
    )
    assert int(lines["qualify_frequency"]) + float(lines["qualify_timeout"]) < 3


def test_the_trunk_is_known_by_address_only_and_seats_by_password_only(
    site: Site, secrets: Secrets
) -> None:
    text = rendered(site, secrets)["pjsip.conf"]
    trunk = text.split("[trunk]")[1].split("[")[0]
    assert "identify_by = ip" in trunk
    assert "match = 127.0.0.2/32" in text
    assert "match = 127.0.0.1" not in text
    assert "identify_by = username" in section(text, "seat")


def test_ami_listens_on_loopback_only_and_lets_only_this_machine_in(
    site: Site, secrets: Secrets
) -> None:
    text = rendered(site, secrets)["manager.conf"]
    assert "bindaddr = 127.0.0.1" in section(text, "general")
    assert "timestampevents = yes" in section(text, "general")
    for user in ("jietong", "doctor"):
        lines = section(text, user)
        assert lines.index("deny = 0.0.0.0/0.0.0.0") < lines.index("permit = 127.0.0.1")
        assert [line for line in lines if line.startswith("permit")] == ["permit = 127.0.0.1"]


@pytest.mark.parametrize("right", ["command", "config", "system", "all"])
def test_no_ami_user_may_act_with_a_right_that_is_a_shell(
    site: Site, secrets: Secrets, right: str
) -> None:
    text = rendered(site, secrets)["manager.conf"]
    for line in text.splitlines():
        if line.startswith("write ="):
            assert right not in line.partition("=")[2].replace(" ", "").split(",")


def test_the_doctor_may_only_read(site: Site, secrets: Secrets) -> None:
    lines = section(rendered(site, secrets)["manager.conf"], "doctor")
    assert "write = reporting" in lines
    assert not [line for line in lines if line.startswith("eventfilter")]


def test_the_event_filter_is_made_from_the_names(site: Site, secrets: Secrets) -> None:
    lines = section(rendered(site, secrets)["manager.conf"], "jietong")
    assert [line for line in lines if line.startswith("eventfilter")] == [
        "eventfilter(action(include),name(Newchannel)) =",
        "eventfilter(action(include),name(Hangup)) =",
    ]


def test_the_daemons_own_events_can_be_rendered() -> None:
    assert {"Newchannel", "Hangup", "BridgeEnter", "OriginateResponse"} <= set(event_names())


@pytest.mark.parametrize(
    ("key", "over"),
    [
        ("asterisk.host", {"asterisk": {"host": "pbx.example\nbindaddr = 0.0.0.0"}}),
        ("agi.host", {"agi": {"host": "127.0.0.1,evil"}}),
        ("asterisk.ami_username", {"asterisk": {"ami_username": "jietong]\n[root"}}),
        ("asterisk.ami_username", {"asterisk": {"ami_username": "doctor"}}),
        ("asterisk.ami_username", {"asterisk": {"ami_username": "general"}}),
        ("asterisk.ami_secret", {"asterisk": {"ami_secret": "secret;word"}}),
        ("asterisk.ami_secret", {"asterisk": {"ami_secret": "secretword\nwrite = all"}}),
        ("asterisk.trunk_addresses", {"asterisk": {"trunk_addresses": ["10.0.0.1\nmatch=0/0"]}}),
        ("asterisk.trunk_addresses", {"asterisk": {"trunk_addresses": []}}),
        ("asterisk.music_dir", {"asterisk": {"music_dir": "/moh\nmode = custom"}}),
        ("asterisk.ami_port", {"asterisk": {"ami_port": 0}}),
        ("asterisk.rtp_last_port", {"asterisk": {"rtp_last_port": 20001}}),
        (
            "recording.spool_dir_in_asterisk",
            {"recording": {"spool_dir_in_asterisk": "/spool/${SHELL(id)}"}},
        ),
        ("prompts.dir_in_asterisk", {"prompts": {"dir_in_asterisk": "/prompts),System(id"}}),
    ],
)
def test_hostile_setting_is_refused_by_name(
    site: Site, secrets: Secrets, key: str, over: dict[str, Any]
) -> None:
    with pytest.raises(AsteriskConfigRefused) as refused:
        rendered(site, secrets, **over)
    assert [complaint.key for complaint in refused.value.complaints] == [key]


HOSTILE = ["a\nb", "a;b", "a[b", "a]b", "a,b", "${X}", "a b", "a&b", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_name_that_came_past_the_sites_own_check_is_refused(
    site: Site, secrets: Secrets, text: str
) -> None:
    hotline = Hotline.model_construct(number=text, flow="main", language="zh-CN")
    seat = Seat.model_construct(name="x", device=f"PJSIP/{text}", queues=["repairs"])
    for changed in (
        {"hotlines": [hotline]},
        {"queues": {text: next(iter(site.queues.values()))}},
        {"seats": {"1001": seat}},
    ):
        with pytest.raises(AsteriskConfigRefused):
            rendered(site.model_copy(update=changed), secrets)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_event_or_instance_name_is_refused(site: Site, secrets: Secrets, text: str) -> None:
    with pytest.raises(AsteriskConfigRefused):
        render(load_settings(), site, secrets, InstancePaths.of("pbx"), event_names=[text])
    if text:
        with pytest.raises(AsteriskConfigRefused):
            render(load_settings(), site, secrets, InstancePaths.of(text), event_names=EVENTS)


@pytest.mark.parametrize("device", ["trunk", "Trunk", "global", "seat"])
def test_seat_named_like_a_part_of_the_configuration_is_refused(
    site: Site, secrets: Secrets, device: str
) -> None:
    seat = Seat(name="x", device=f"PJSIP/{device}", queues=["repairs"])
    with pytest.raises(AsteriskConfigRefused, match="choose another device name"):
        rendered(site.model_copy(update={"seats": {"1001": seat}}), secrets)


def test_no_line_runs_a_command_or_reads_what_a_stranger_chose(
    site: Site, secrets: Secrets
) -> None:
    for line in rendered(site, secrets)["extensions.conf"].splitlines():
        if line.startswith(";"):
            continue
        for word in ("System(", "SHELL(", "CALLERID", "PJSIP_HEADER", "SIPDOMAIN", "EVAL("):
            assert word not in line
        if "MixMonitor(" in line:
            assert line.count(",") == line.split("MixMonitor(")[0].count(",") + 1, "a command"


def test_two_renderings_are_the_same(site: Site, secrets: Secrets) -> None:
    assert rendered(site, secrets) == rendered(site, secrets)


def test_written_files_can_be_read_by_their_owner_only(
    site: Site, secrets: Secrets, tmp_path: Path
) -> None:
    files = rendered(site, secrets)
    write(files, tmp_path / "etc")
    write(files, tmp_path / "etc")
    assert {path.name for path in (tmp_path / "etc").iterdir()} == set(files)
    for path in (tmp_path / "etc").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text("utf-8") == files[path.name]
