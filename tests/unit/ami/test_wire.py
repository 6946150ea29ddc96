from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.ami.wire import AmiMessage, AmiParser, WireFault, parse_message

BANNER = b"Asterisk Call Manager/13.0.0\r\n"
NEWCHANNEL = (
    "Event: Newchannel\r\n"
    "Privilege: call,all\r\n"
    "Timestamp: 1732312345.123456\r\n"
    "Channel: PJSIP/trunk-00000001\r\n"
    "CallerIDName: 王小明\r\n"
    "AccountCode: \r\n"
    "Uniqueid: 1732312345.1\r\n"
    "ChanVariable: CTI_CALL=1\r\n"
    "ChanVariable: CTI_QUEUE=供水\r\n"
    "\r\n"
).encode()


def parser(*, line: int = 1 << 16, message: int = 1 << 20, **more: object) -> AmiParser:
    return AmiParser(max_line_bytes=line, max_message_bytes=message, **more)  # type: ignore[arg-type]


def feed_all(chunks: list[bytes]) -> list[AmiMessage]:
    wire = parser()
    return [message for chunk in chunks for message in wire.feed(chunk)]


# header names and values as Asterisk can write them: anything but CR and LF
keys = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}(\([a-z/:-]{1,8}\))?", fullmatch=True)
values = st.text(
    st.characters(exclude_characters="\r\n", codec="utf-8") | st.sampled_from("王😀: "),
    max_size=20,
)
blocks = st.tuples(
    st.sampled_from(["Event: Hangup", "Response: Success", "Event: 事件"]),
    st.lists(st.tuples(keys, values), max_size=8),
).map(
    lambda block: "".join(
        f"{line}\r\n" for line in [block[0], *(f"{k}: {v}" for k, v in block[1]), ""]
    ).encode()
)


class TestCutting:
    @pytest.mark.parametrize("cut", range(len(BANNER + NEWCHANNEL * 2) + 1))
    def test_two_chunks_cut_anywhere_give_the_same_messages(self, cut: int) -> None:
        data = BANNER + NEWCHANNEL * 2
        messages = feed_all([data[:cut], data[cut:]])
        assert [m.raw for m in messages] == [NEWCHANNEL[:-4]] * 2
        assert messages[1].get("CallerIDName") == "王小明"

    @given(st.lists(blocks, max_size=6), st.data())
    @settings(max_examples=200)
    def test_any_stream_in_any_chunks_gives_the_same_messages(
        self, parts: list[bytes], data: st.DataObject
    ) -> None:
        stream = BANNER + b"".join(parts)
        positions = st.lists(st.integers(0, len(stream)), max_size=12).map(sorted)
        cuts = [0, *data.draw(positions), len(stream)]
        chunks = [stream[a:b] for a, b in pairwise(cuts)]
        assert [m.raw for m in feed_all(chunks)] == [part[:-4] for part in parts]

    @given(st.lists(blocks, min_size=1, max_size=3))
    @settings(max_examples=30)
    def test_byte_by_byte_gives_the_same_messages(self, parts: list[bytes]) -> None:
        stream = BANNER + b"".join(parts)
        one_by_one = [stream[i : i + 1] for i in range(len(stream))]
        assert feed_all(one_by_one) == feed_all([stream])

    @given(st.binary(max_size=200), st.data())
    def test_garbage_after_the_banner_never_raises_and_is_cut_the_same(
        self, garbage: bytes, data: st.DataObject
    ) -> None:
        stream = BANNER + garbage + b"\r\n\r\n" + NEWCHANNEL
        cut = data.draw(st.integers(0, len(stream)))
        whole = feed_all([stream])
        assert feed_all([stream[:cut], stream[cut:]]) == whole
        assert whole[-1].get("Uniqueid") == "1732312345.1"

    def test_an_extra_line_end_between_messages_is_forgiven(self) -> None:
        messages = feed_all([BANNER + NEWCHANNEL + b"\r\n" + NEWCHANNEL + b"\r\n\r\n" + NEWCHANNEL])
        assert [m.event for m in messages] == ["Newchannel"] * 3

    def test_a_line_feed_alone_does_not_end_a_line(self) -> None:
        (message,) = feed_all([BANNER + b"Event: UserEvent\r\nText: a\n\nEvent: b\r\n\r\n"])
        assert message.get("Text") == "a\n\nEvent: b"

    def test_what_is_neither_event_nor_response_is_counted(self) -> None:
        wire = parser()
        assert wire.feed(BANNER + b"Hello: there\r\n\r\n\r\n\r\n") == []
        assert wire.nameless == 1

    def test_unwanted_events_are_counted_and_responses_never_left_out(self) -> None:
        wire = parser(wanted={"Hangup"})
        response = b"Response: Success\r\nActionID: 1\r\n\r\n"
        (message,) = wire.feed(BANNER + NEWCHANNEL + b"\r\n" + NEWCHANNEL + response)
        assert (message.response, message.event, wire.unwanted) == ("Success", "", 2)


class TestBanner:
    def test_is_kept(self) -> None:
        wire = parser()
        wire.feed(BANNER[:10])
        assert wire.banner is None
        wire.feed(BANNER[10:])
        assert wire.banner == "Asterisk Call Manager/13.0.0"

    @pytest.mark.parametrize(
        "data", [b"S", b"\r\n", b"Asterisk Call\r\n", b"Asterisk Call Manager/" + b"1" * 300]
    )
    def test_anything_else_is_a_fault_and_nothing_more_is_read(self, data: bytes) -> None:
        wire = parser()
        assert wire.feed(data) == []
        assert wire.failure is not None
        assert wire.failure.fault is WireFault.BAD_BANNER
        assert wire.feed(BANNER + NEWCHANNEL) == []

    @given(st.binary(min_size=1, max_size=300))
    def test_garbage_never_raises(self, data: bytes) -> None:
        parser().feed(data)


class TestLimits:
    def test_a_message_that_does_not_end_is_a_fault_at_the_limit(self) -> None:
        wire = parser(line=100, message=1000)
        wire.feed(BANNER + b"Event: X\r\n")
        fed = 0
        while wire.failure is None:
            wire.feed(b"Key: v\r\n")
            fed += 8
        assert wire.failure.fault is WireFault.OVERSIZED
        assert fed <= 1008
        assert len(wire._tail) == 0

    def test_one_read_over_the_limit_is_a_fault_at_once(self) -> None:
        wire = parser(line=100, message=1000)
        wire.feed(BANNER + b"Event: X\r\nKey: " + b"x" * 100)
        assert wire.failure is not None

    def test_a_line_that_does_not_end_is_a_fault_at_the_limit(self) -> None:
        wire = parser(line=100, message=1000)
        wire.feed(BANNER + b"Event: X\r\nKey: ")
        wire.feed(b"x" * 90)
        assert wire.failure is None
        wire.feed(b"x" * 10)
        assert wire.failure is not None
        assert "line" in wire.failure.detail

    @pytest.mark.parametrize("padding", [b"K: " + b"x" * 98 + b"\r\n", b"K: v\r\n" * 200])
    def test_a_whole_message_over_a_limit_ends_the_stream_there(self, padding: bytes) -> None:
        wire = parser(line=100, message=1000)
        short = b"Event: Hangup\r\n\r\n"
        messages = wire.feed(BANNER + short + b"Event: X\r\n" + padding + b"\r\n" + short)
        assert [m.event for m in messages] == ["Hangup"]
        assert wire.failure is not None
        assert wire.failure.fault is WireFault.OVERSIZED

    def test_a_message_at_the_limit_passes(self) -> None:
        wire = parser(line=100, message=1000)
        body = b"Event: X\r\n" + (b"K: " + b"v" * 97 + b"\r\n") * 9
        assert len(wire.feed(BANNER + body + b"\r\n")) == 1
        assert wire.failure is None


class TestMessage:
    message = parse_message(NEWCHANNEL)

    def fresh(self) -> AmiMessage:
        return parse_message(NEWCHANNEL)

    @pytest.mark.parametrize("key", ["Uniqueid", "uniqueid", "UNIQUEID", "UniqueID"])
    def test_keys_are_found_in_any_case(self, key: str) -> None:
        assert self.fresh().get(key) == "1732312345.1"

    def test_missing_and_empty_are_the_empty_string(self) -> None:
        message = self.fresh()
        assert (message.get("AccountCode"), message.get("Nothing")) == ("", "")
        assert "accountcode" in message
        assert "Nothing" not in message

    def test_the_first_header_is_found_too(self) -> None:
        assert self.fresh().get("Event") == "Newchannel"

    def test_a_value_is_not_taken_for_a_header(self) -> None:
        message = parse_message("Event: X\nText: Channel: no\nDestChannel: d\nChannel: yes")
        assert message.get("Channel") == "yes"

    def test_many_reads_give_what_few_reads_give(self) -> None:
        message = self.fresh()
        for _ in range(3):
            for key, value in self.message.items():
                assert message.get(key) in {value, *self.message.get_all(key)}
        assert message.get("ChanVariable") == self.fresh().get("ChanVariable") == "CTI_CALL=1"

    @given(blocks, st.integers(0, 10))
    def test_search_and_table_agree(self, block: bytes, reads: int) -> None:
        searched, tabled = parse_message(block), parse_message(block)
        tabled._table = tabled._build_table()
        for key, _ in searched.items()[: reads + 1]:
            for spelling in (key, key.lower(), key.upper()):
                assert parse_message(block).get(spelling) == tabled.get(spelling)
                assert searched.get(spelling) == tabled.get(spelling)

    def test_repeated_headers_come_in_order_with_and_without_channel_name(self) -> None:
        message = parse_message(
            "Event: OriginateResponse\nResponse: Failure\nChanVariable(PJSIP/1-2): A=b: c\n"
            "chanvariable: D=\nVariable: E=1\nVariable: F=2"
        )
        assert message.get_all("ChanVariable") == ["A=b: c", "D="]
        assert message.get_all("Variable") == ["E=1", "F=2"]
        assert message.get_all("Nothing") == []
        assert (message.event, message.response) == ("OriginateResponse", "")

    def test_a_line_without_colon_spoils_nothing(self) -> None:
        message = parse_message("Event: X\njust words\nA:1\nB: 2\nC:")
        assert [message.get(k) for k in ("a", "b", "c")] == ["1", "2", ""]
        assert message.items() == [("Event", "X"), ("A", "1"), ("B", "2"), ("C", "")]

    @pytest.mark.parametrize("broken", [b"\xff", b"\xe7\x8e", b"\xc3\x28"[:1], b"\xed\xa0\x80"])
    def test_broken_utf8_never_costs_a_neighbour(self, broken: bytes) -> None:
        raw = "Event: X\r\nName: 王".encode() + broken + "明\r\nUniqueid: 1".encode()
        message = parse_message(raw)
        name = message.get("Name")
        assert name.startswith("王\ufffd")
        assert name.endswith("\ufffd明")
        assert message.get("Uniqueid") == "1"
        assert dict(message.items())["Name"] == name

    def test_nothing_of_it_can_be_set(self) -> None:
        with pytest.raises(AttributeError):
            self.message.event = "Hangup"  # type: ignore[misc]
        with pytest.raises(AttributeError):
            self.message.extra = 1  # type: ignore[attr-defined]

    def test_equal_bytes_are_equal_messages(self) -> None:
        assert self.fresh() == self.message
        assert len({self.fresh(), self.message}) == 1
        assert self.fresh() != "Newchannel"
        assert "Newchannel" in repr(self.message)

    @pytest.mark.parametrize("text", ["", "Foo: bar", "Event: A\n\nEvent: B"])
    def test_what_is_not_one_message_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not one AMI message"):
            parse_message(text)


class TestTimestamp:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1732312345.123456", 1_732_312_345_123_456),
            ("1732312345.000001", 1_732_312_345_000_001),
            ("9007199254.740993", 9_007_199_254_740_993),  # 2**53 + 1: a float would round it
            ("1732312345", 1_732_312_345_000_000),
            ("1732312345.5", 1_732_312_345_500_000),
            ("1732312345.1234567", 1_732_312_345_123_456),
            ("", None),
            (".5", None),
            ("-1.5", None),
            ("1.x", None),
            ("yesterday", None),
            ("１.5", None),
        ],
    )
    def test_is_read_without_rounding(self, text: str, expected: int | None) -> None:
        for rest in ("", "\nUniqueid: 1"):
            assert parse_message(f"Event: X\nTimestamp: {text}{rest}").timestamp_us == expected

    def test_is_none_when_missing(self) -> None:
        assert parse_message("Event: X\nText: Timestamp: 1.5").timestamp_us is None

    @given(st.integers(0, 2**62))
    def test_every_microsecond_survives(self, time_us: int) -> None:
        seconds, micros = divmod(time_us, 1_000_000)
        message = parse_message(f"Event: X\nTimestamp: {seconds}.{micros:06d}\nA: b")
        assert message.timestamp_us == time_us
