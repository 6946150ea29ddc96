"""Offers and answers."""

from __future__ import annotations

import pytest

from bench.phones.sdp import answer, describe, understand

BOTH = ("PCMA", "PCMU")
HERE = ("127.0.0.1", 4000)


def test_what_is_described_is_understood() -> None:
    remote = understand(describe(HERE, BOTH).decode(), BOTH)
    assert remote is not None
    assert (remote.address, remote.codec, remote.event) == (HERE, "PCMA", 101)
    assert remote.listens


def test_the_first_common_codec_of_the_offer_is_taken() -> None:
    remote = understand(describe(HERE, BOTH).decode(), ("PCMU",))
    assert remote is not None
    assert remote.codec == "PCMU"
    reply = answer(HERE, remote, version=1).decode()
    assert "m=audio 4000 RTP/AVP 0 101" in reply


@pytest.mark.parametrize(
    ("direction", "mirrored", "listens"),
    [
        ("sendrecv", "sendrecv", True),
        ("sendonly", "recvonly", False),
        ("recvonly", "sendonly", True),
        ("inactive", "inactive", False),
    ],
)
def test_hold_is_mirrored(direction: str, mirrored: str, listens: bool) -> None:
    remote = understand(describe(HERE, BOTH, direction=direction).decode(), BOTH)
    assert remote is not None
    assert remote.listens is listens
    assert f"a={mirrored}\r\n" in answer(HERE, remote, version=2).decode()


def test_hold_for_the_whole_session_and_by_address_is_understood() -> None:
    body = describe(HERE, BOTH).decode()
    whole = understand(
        body.replace("a=sendrecv\r\n", "").replace("t=0 0", "t=0 0\r\na=sendonly"), BOTH
    )
    assert whole is not None
    assert not whole.listens
    old = understand(body.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"), BOTH)
    assert old is not None
    assert not old.listens


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        describe(HERE, BOTH).decode().replace("m=audio 4000", "m=audio 0"),
        describe(HERE, BOTH).decode().replace("m=audio", "m=video"),
        describe(HERE, BOTH).decode().replace("PCM", "XCM"),
        describe(HERE, BOTH).decode().replace("m=audio 4000", "m=audio x"),
    ],
)
def test_what_we_cannot_speak_is_not_understood(body: str) -> None:
    assert understand(body, BOTH) is None
