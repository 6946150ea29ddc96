"""What the bench's callers send is what telephones send."""

from __future__ import annotations

import itertools

from bench.ivr import rtp, sip
from bench.phones.dtmf import KeyReader
from bench.phones.heard import parse_packet


def sent(key: str) -> list[tuple[float, bytes]]:
    stream = rtp.Stream(0xFFFFFFF0)
    return [
        (tick.after_s, stream.packet(rtp.EVENT, tick.payload, 2.0, marker=tick.first))
        for tick in rtp.key_ticks(key)
    ]


def test_a_key_is_one_event_of_one_time_with_three_ends() -> None:
    packets = [parse_packet(data, 0) for _, data in sent("5")]
    kept = [packet for packet in packets if packet is not None]
    assert len(kept) == rtp.KEY_TICKS + 2
    assert [packet.marker for packet in kept] == [True] + [False] * (rtp.KEY_TICKS + 1)
    assert len({packet.timestamp for packet in kept}) == 1
    assert [b.seq - a.seq for a, b in itertools.pairwise(kept)] == [1] * (len(kept) - 1)
    assert [packet.payload[1] >> 7 for packet in kept] == [0] * (rtp.KEY_TICKS - 1) + [1] * 3
    durations = [int.from_bytes(packet.payload[2:4]) for packet in kept]
    assert durations[: rtp.KEY_TICKS] == [160 * n for n in range(1, rtp.KEY_TICKS + 1)]
    assert len(set(durations[-3:])) == 1


def test_every_key_is_read_as_itself_once() -> None:
    for key in "0123456789*#":
        reader = KeyReader()
        for _, data in sent(key):
            packet = parse_packet(data, 0)
            assert packet is not None
            reader.feed(packet.payload, packet.timestamp, packet.ssrc)
        assert reader.digits == key


def test_the_time_stamp_advances_with_the_clock_and_wraps() -> None:
    stream = rtp.Stream(0xFFFFFFFF)
    stamps = []
    for at_s in (0.0, 0.02, 600_000.0):
        packet = parse_packet(stream.packet(rtp.PCMA, rtp.SILENCE, at_s), 0)
        assert packet is not None
        stamps.append(packet.timestamp)
    assert stamps[1] - stamps[0] == 160
    assert stamps[2] == (stamps[0] + 600_000 * 8000) % 2**32


def test_only_sound_is_heard() -> None:
    stream = rtp.Stream(77)
    sound = rtp.parse(stream.packet(rtp.PCMA, b"\x55" * 90, 0.0, marker=True), 5)
    assert sound is not None
    assert (sound.at_ns, sound.payload, sound.ssrc) == (5, b"\x55" * 90, 77)
    assert rtp.parse(stream.packet(rtp.EVENT, b"\x01\x8a\x03\xc0", 0.0), 5) is None
    assert rtp.parse(b"\x80\xc8" + bytes(30), 5) is None  # RTCP
    assert rtp.parse(b"", 5) is None


DIALOG = sip.Dialog(
    here=("127.0.0.2", 4000),
    server=("127.0.0.1", 5060),
    number="13900000001",
    dialled="12345",
    media=("127.0.0.2", 6000),
    call_id="abc",
)
OK = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.2:4000;rport=4000;branch=x\r\n"
    b"From: <sip:1@h>;tag=a\r\nTo: <sip:12345@127.0.0.1>;tag=theirs\r\nCall-ID: abc\r\n"
    b"CSeq: 1 INVITE\r\nContact: <sip:127.0.0.1:5060>\r\nContent-Type: application/sdp\r\n\r\n"
    b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 17000 RTP/AVP 8 101\r\n"
)


def test_an_answer_is_understood_and_the_dialog_goes_on_with_its_names() -> None:
    invite = sip.parse(DIALOG.invite())
    assert invite is not None
    assert (invite.code, invite.method, invite.media) == (0, "INVITE", ("127.0.0.2", 6000))
    answer = sip.parse(OK)
    assert answer is not None
    assert (answer.code, answer.method, answer.call_id) == (200, "INVITE", "abc")
    assert answer.media == ("127.0.0.1", 17000)
    ack, bye = DIALOG.answered(answer), DIALOG.bye()
    assert ack.startswith(b"ACK sip:127.0.0.1:5060 SIP/2.0\r\n")
    assert b"CSeq: 1 ACK\r\n" in ack
    assert b";tag=theirs\r\n" in ack
    assert bye.startswith(b"BYE sip:127.0.0.1:5060 SIP/2.0\r\n")
    assert b"CSeq: 2 BYE\r\n" in bye


def test_a_request_of_theirs_is_answered_with_its_own_names() -> None:
    request = sip.parse(
        b"BYE sip:x SIP/2.0\r\nVia: v\r\nTo: t\r\nCall-ID: c\r\nCSeq: 9 BYE\r\n\r\n"
    )
    assert request is not None
    lines = sip.ok(request).split(b"\r\n")
    assert lines[0] == b"SIP/2.0 200 OK"
    assert {b"Via: v", b"To: t", b"Call-ID: c", b"CSeq: 9 BYE"} <= set(lines)


def test_what_is_no_sip_is_nothing() -> None:
    assert sip.parse(b"") is None
    assert sip.parse(b"\xff" * 100) is None
    assert sip.parse(b"SIP/2.0 200 OK\r\n\r\n") is None
