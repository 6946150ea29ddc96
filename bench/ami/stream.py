"""A stream of AMI events as Asterisk 22 sends them for hotline calls, made the same every time.

Field names and their order are those of Asterisk's channel snapshot
(`ast_manager_build_channel_state_string_prefix`), with `timestampevents` and a system name on and
two channel variables listed in manager.conf: about 20 headers an event.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_SURNAMES = "王李张刘陈杨赵黄周吴"
_GIVEN = ("小明", "秀英", "伟", "芳", "建国", "丽", "强", "敏", "志强", "桂英")
_START_US = 1_732_312_345_000_000
_CALLS_AT_ONCE = 50

END_EVENT = "BenchEnd"
END = f"Event: {END_EVENT}\r\nPrivilege: user,all\r\n\r\n".encode()


@dataclass
class _Leg:
    channel: str
    uniqueid: str
    linkedid: str
    number: str
    name: str
    state: int = 4
    exten: str = "12345"
    priority: int = 1


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now_us = _START_US
        self._serial = 0

    def call(self) -> Iterator[str]:
        """One call from ring to hang-up: menu, queue, seat, talk."""
        caller = self._leg("trunk-in", None)
        yield self._channel("Newchannel", caller)
        for step in range(3):
            caller.priority += 1
            yield self._channel(
                "Newexten",
                caller,
                ("Extension", caller.exten),
                ("Application", "Set"),
                ("AppData", f"CHANNEL(hangup_handler_push)=bye,s,{step}"),
            )
            yield self._variable(caller, f"STEP_{step}", str(step))
        caller.state = 6
        yield self._channel("Newstate", caller)
        for command in ("STREAM FILE welcome", "GET DATA menu", "SET VARIABLE CTI_QUEUE water"):
            run = ("CommandId", str(self._random.randrange(1 << 31)))
            yield self._channel("AGIExecStart", caller, ("Command", command), run)
            yield self._variable(caller, "AGISTATUS", "SUCCESS")
            yield self._channel(
                "AGIExecEnd",
                caller,
                ("Command", command),
                run,
                ("ResultCode", "200"),
                ("Result", "Success"),
            )
        digit = str(self._random.randrange(10))
        yield self._channel("DTMFBegin", caller, ("Digit", digit), ("Direction", "Received"))
        yield self._channel(
            "DTMFEnd",
            caller,
            ("Digit", digit),
            ("DurationMs", "120"),
            ("Direction", "Received"),
        )
        yield self._variable(caller, "CTI_PRIORITY", "5")
        yield self._channel("MusicOnHoldStart", caller, ("Class", "default"))
        yield from self._talk(caller)
        yield self._channel("SoftHangupRequest", caller, ("Cause", "16"))
        yield self._hangup(caller)

    def _talk(self, caller: _Leg) -> Iterator[str]:
        seat = self._leg("8001", caller)
        yield self._channel("Newchannel", seat)
        yield self._device(seat, "RINGING")
        seat.state = 5
        yield self._channel("Newstate", seat)
        seat.state = 6
        yield self._channel("Newstate", seat)
        yield self._device(seat, "INUSE")
        yield self._channel("MusicOnHoldStop", caller)
        bridge = self._bridge_id()
        for leg, count in ((seat, 1), (caller, 2)):
            yield self._in_bridge("BridgeEnter", leg, bridge, count)
        for leg in (seat, caller):
            yield self._rtcp("RTCPSent", leg)
            yield self._rtcp("RTCPReceived", leg)
        yield self._variable(caller, "BRIDGEPEER", seat.channel)
        for leg, count in ((seat, 1), (caller, 0)):
            yield self._in_bridge("BridgeLeave", leg, bridge, count)
        yield self._channel("HangupRequest", seat, ("Cause", "16"))
        yield self._hangup(seat)
        yield self._device(seat, "NOT_INUSE")

    def _leg(self, endpoint: str, caller: _Leg | None) -> _Leg:
        self._serial += 1
        uniqueid = f"jt1-{self._now_us // 1_000_000}.{self._serial}"
        number = f"1{self._random.randrange(3_000_000_000, 9_999_999_999)}"
        name = self._random.choice(_SURNAMES) + self._random.choice(_GIVEN)
        return _Leg(
            channel=f"PJSIP/{endpoint}-{self._serial:08x}",
            uniqueid=uniqueid,
            linkedid=caller.linkedid if caller else uniqueid,
            number=caller.number if caller else number,
            name=caller.name if caller else name,
        )

    def _head(self, event: str, privilege: str) -> list[tuple[str, str]]:
        self._now_us += self._random.randrange(20, 4_000)
        seconds, micros = divmod(self._now_us, 1_000_000)
        return [
            ("Event", event),
            ("Privilege", privilege),
            ("Timestamp", f"{seconds}.{micros:06d}"),
            ("SystemName", "jt1"),
        ]

    def _snapshot(self, leg: _Leg) -> list[tuple[str, str]]:
        state = {4: "Ring", 5: "Ringing", 6: "Up"}[leg.state]
        return [
            ("Channel", leg.channel),
            ("ChannelState", str(leg.state)),
            ("ChannelStateDesc", state),
            ("CallerIDNum", leg.number),
            ("CallerIDName", leg.name),
            ("ConnectedLineNum", "<unknown>"),
            ("ConnectedLineName", "<unknown>"),
            ("Language", "zh"),
            ("AccountCode", ""),
            ("Context", "from-trunk"),
            ("Exten", leg.exten),
            ("Priority", str(leg.priority)),
            ("Uniqueid", leg.uniqueid),
            ("Linkedid", leg.linkedid),
            ("ChanVariable", f"CTI_CALL={leg.linkedid}"),
            ("ChanVariable", "CTI_QUEUE=water"),
        ]

    def _channel(self, event: str, leg: _Leg, *more: tuple[str, str]) -> str:
        return _text([*self._head(event, "call,all"), *self._snapshot(leg), *more])

    def _variable(self, leg: _Leg, name: str, value: str) -> str:
        return self._channel("VarSet", leg, ("Variable", name), ("Value", value))

    def _hangup(self, leg: _Leg) -> str:
        return self._channel("Hangup", leg, ("Cause", "16"), ("Cause-txt", "Normal Clearing"))

    def _device(self, leg: _Leg, state: str) -> str:
        device = leg.channel.rpartition("-")[0]
        head = self._head("DeviceStateChange", "call,all")
        return _text([*head, ("Device", device), ("State", state)])

    def _bridge_id(self) -> str:
        return f"{self._random.randrange(1 << 64):016x}-b"

    def _in_bridge(self, event: str, leg: _Leg, bridge: str, count: int) -> str:
        fields = [
            ("BridgeUniqueid", bridge),
            ("BridgeType", "basic"),
            ("BridgeTechnology", "simple_bridge"),
            ("BridgeCreator", "<unknown>"),
            ("BridgeName", "<unknown>"),
            ("BridgeNumChannels", str(count)),
            ("BridgeVideoSourceMode", "none"),
        ]
        return _text([*self._head(event, "call,all"), *fields, *self._snapshot(leg)])

    def _rtcp(self, event: str, leg: _Leg) -> str:
        fields = [
            ("To", "127.0.0.1:40001"),
            ("From", "127.0.0.1:40003"),
            ("SSRC", f"0x{self._random.randrange(1 << 32):08x}"),
            ("PT", "200(SR)"),
            ("ReportCount", "1"),
            ("SentNTP", "1732312345.123456"),
            ("SentRTP", "160000"),
            ("SentPackets", "1000"),
            ("SentOctets", "160000"),
        ]
        return _text([*self._head(event, "reporting,all"), *self._snapshot(leg), *fields])


def make_stream(events: int, seed: int = 7) -> bytes:
    """`events` events of some 50 calls at a time, interleaved as on a busy line."""
    maker = _Maker(seed)
    order = random.Random(seed)
    calls = [maker.call() for _ in range(_CALLS_AT_ONCE)]
    texts: list[str] = []
    while len(texts) < events:
        slot = order.randrange(_CALLS_AT_ONCE)
        text = next(calls[slot], None)
        if text is None:
            calls[slot] = maker.call()
        else:
            texts.append(text)
    return "".join(texts).encode()


def _text(fields: list[tuple[str, str]]) -> str:
    return "".join(f"{key}: {value}\r\n" for key, value in fields) + "\r\n"
