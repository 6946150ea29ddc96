"""AMI's wire format, without I/O: bytes in, messages out.

Asterisk writes a banner line, then messages of `Key: value` lines ended by an empty line. It never
quotes, so a message is cut at CR LF CR LF and at nothing else. Text is decoded one value at a
time and only from whole messages: a Chinese name that is split between two reads stays whole, and
a broken byte costs itself only, never its neighbours.

This is the busiest code of the daemon. A message keeps its bytes and is searched when a field is
asked for; the full table of headers is built when several fields are read or one is not found.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass

_SEP = b"\r\n\r\n"
_EOL = b"\r\n"
_BANNER = b"Asterisk Call Manager/"
_MAX_BANNER_BYTES = 256
_STAMP = b"\r\nTimestamp: "
_SCANS_BEFORE_TABLE = 6
"""A search costs about a seventh of building the table of a 20-header message (measured)."""

_MAX_CACHED_NAMES = 1024
"""Asterisk has some 200 event names; the caches must not grow with a hostile peer."""

_needles: dict[str, bytes] = {}


class AmiMessage:
    """One event or response, read only.

    `event` is the event's name and "" for a response; `response` is the response's name and "" for
    an event, although OriginateResponse carries a header of that name: `get("Response")`.
    Where a key occurs more than once the first counts; a key spelt exactly as asked for counts
    before one that differs in case.
    """

    __slots__ = ("_event", "_folded", "_raw", "_reads", "_response", "_table")

    def __init__(self, raw: bytes, event: str, response: str) -> None:
        self._raw = raw
        self._event = event
        self._response = response
        self._reads = 0
        self._table: dict[str, str] | None = None
        self._folded: dict[str, str] | None = None

    @property
    def event(self) -> str:
        return self._event

    @property
    def response(self) -> str:
        return self._response

    @property
    def raw(self) -> bytes:
        """The message's bytes without the empty line at its end."""
        return self._raw

    def get(self, key: str) -> str:
        """The value of `key` in any case of letters, or the empty string."""
        table = self._table
        if table is None:
            if self._reads < _SCANS_BEFORE_TABLE:
                self._reads += 1
                needle = _needles.get(key) or _needle(key)
                raw = self._raw
                start = raw.find(needle)
                if start >= 0:
                    start += len(needle)
                    end = raw.find(_EOL, start)
                    value = raw[start:end] if end >= 0 else raw[start:]
                    return value.decode("utf-8", "replace")
            table = self._table = self._build_table()
        found = table.get(key)
        return self._get_folded(table, key) if found is None else found

    def get_all(self, key: str) -> list[str]:
        """Every value of a repeated header, in order.

        Status repeats `Variable: name=value`. Channel variables listed in manager.conf come as
        `ChanVariable: name=value` or, in OriginateResponse, as
        `ChanVariable(PJSIP/8001-0000001f): name=value`; asking for ChanVariable gives both.
        """
        plain = key.lower()
        of_channel = plain + "("
        return [
            value
            for name, value in self.items()
            if (low := name.lower()) == plain or low.startswith(of_channel)
        ]

    def items(self) -> list[tuple[str, str]]:
        """All headers in order, as sent. Lines without a colon are left out."""
        text = self._raw.decode("utf-8", "replace")
        pairs = (_split_header(line) for line in text.split("\r\n"))
        return [pair for pair in pairs if pair[0]]

    @property
    def timestamp_us(self) -> int | None:
        """Asterisk's own time of the event in microseconds since the epoch.

        None when the header is missing (`timestampevents` off) or is not a number.
        """
        raw = self._raw
        start = raw.find(_STAMP)
        if start < 0:
            return None
        start += len(_STAMP)
        end = raw.find(_EOL, start)
        seconds, _, fraction = (raw[start:end] if end >= 0 else raw[start:]).partition(b".")
        if not seconds.isdigit() or not (fraction or b"0").isdigit():
            return None
        return int(seconds) * 1_000_000 + int(fraction.ljust(6, b"0")[:6])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and any(n.lower() == key.lower() for n, _ in self.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AmiMessage) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        kind = f"event={self._event!r}" if self._event else f"response={self._response!r}"
        return f"<AmiMessage {kind}, {len(self._raw)} bytes>"

    def _build_table(self) -> dict[str, str]:
        lines = self._raw.decode("utf-8", "replace").split("\r\n")
        lines.reverse()  # so that the first of a repeated key is written last and stays
        try:
            return dict([line.split(": ", 1) for line in lines])
        except ValueError:  # a line without ": "
            return dict([_split_header(line) for line in lines])

    def _get_folded(self, table: dict[str, str], key: str) -> str:
        folded = self._folded
        if folded is None:
            folded = self._folded = {}
            for name, value in reversed(table.items()):
                folded.setdefault(name.lower(), value)
        return folded.get(key.lower(), "")


class WireFault(enum.Enum):
    """Why what came is not AMI. After a fault nothing more is read from the connection."""

    BAD_BANNER = "bad banner"
    OVERSIZED = "oversized message"


@dataclass(frozen=True, slots=True)
class WireFailure:
    fault: WireFault
    detail: str


class AmiParser:
    """Cuts one connection's bytes into messages.

    Memory is bounded by `max_message_bytes` and one read. Events whose name is not in `wanted`
    are counted and left out before an object is made for them; None wants all.
    """

    def __init__(
        self,
        *,
        max_message_bytes: int,
        max_line_bytes: int,
        wanted: Collection[str] | None = None,
    ) -> None:
        self.banner: str | None = None
        self.failure: WireFailure | None = None
        self.unwanted = 0
        self.nameless = 0
        self._max_message = max_message_bytes
        self._max_line = max_line_bytes
        self._wanted = None if wanted is None else frozenset(wanted)
        self._names: dict[bytes, str] = {}
        self._tail = bytearray()

    def feed(self, data: bytes) -> list[AmiMessage]:
        """The messages that `data` completes. Sets `failure` when the peer breaks the rules;
        messages before the fault are still returned."""
        if self.failure is not None:
            return []
        if self.banner is None:
            self._tail += data
            data = self._take_banner()
            if not data:
                return []
        tail = self._tail
        if tail:
            # Looking only at the new part keeps a message that drips in byte by byte linear.
            scan_from = max(0, len(tail) - len(_SEP) + 1)
            tail += data
            if tail.find(_SEP, scan_from) < 0:
                self._check_tail()
                return []
            data = bytes(tail)
            tail.clear()
        blocks = data.split(_SEP)
        rest = blocks.pop()
        messages = self._read_blocks(blocks)
        if rest and self.failure is None:
            tail += rest
            self._check_tail()
        return messages

    def _read_blocks(self, blocks: list[bytes]) -> list[AmiMessage]:
        messages: list[AmiMessage] = []
        append = messages.append
        names = self._names
        wanted = self._wanted
        for block in blocks:
            if len(block) > self._max_line and self._is_oversized(block):
                break
            if block[:7] == b"Event: ":
                end = block.find(_EOL)
                name = block[7:end] if end >= 0 else block[7:]
                event = names.get(name) or self._remember(name)
                if wanted is None or event in wanted:
                    append(AmiMessage(block, event, ""))
                else:
                    self.unwanted += 1
            else:
                other = self._read_other(block)
                if other is not None:
                    append(other)
        return messages

    def _read_other(self, block: bytes) -> AmiMessage | None:
        bare = block.strip(_EOL)
        if bare.startswith(b"Response: "):
            return AmiMessage(bare, "", _first_value(bare, b"Response: "))
        if bare.startswith(b"Event: "):
            event = _first_value(bare, b"Event: ")
            if self._wanted is None or event in self._wanted:
                return AmiMessage(bare, event, "")
            self.unwanted += 1
        elif bare:
            self.nameless += 1
        return None

    def _remember(self, name: bytes) -> str:
        text = name.decode("utf-8", "replace")
        if len(self._names) < _MAX_CACHED_NAMES:
            self._names[name] = text
        return text

    def _take_banner(self) -> bytes:
        """Reads the first line; returns what follows it and leaves the tail empty."""
        head = bytes(self._tail[:_MAX_BANNER_BYTES])
        line, eol, _ = head.partition(_EOL)
        known = line[: len(_BANNER)]
        if not _BANNER.startswith(known) or (eol and known != _BANNER):
            self._fail(WireFault.BAD_BANNER, f"first line begins {line[:40]!r}")
        elif eol:
            self.banner = line.decode("utf-8", "replace")
            rest = bytes(self._tail[len(line) + len(eol) :])
            self._tail.clear()
            return rest
        elif len(head) == _MAX_BANNER_BYTES:
            self._fail(WireFault.BAD_BANNER, "first line does not end")
        return b""

    def _check_tail(self) -> None:
        size = len(self._tail)
        if size > self._max_message:
            self._fail(WireFault.OVERSIZED, f"no end of message in {size} bytes")
        elif size > self._max_line:
            line = size - (self._tail.rfind(_EOL) + 2)
            if line > self._max_line:
                self._fail(WireFault.OVERSIZED, f"no end of line in {line} bytes")

    def _is_oversized(self, block: bytes) -> bool:
        longest = max(map(len, block.split(_EOL)))
        if len(block) > self._max_message:
            self._fail(WireFault.OVERSIZED, f"message of {len(block)} bytes")
        elif longest > self._max_line:
            self._fail(WireFault.OVERSIZED, f"line of {longest} bytes")
        return self.failure is not None

    def _fail(self, fault: WireFault, detail: str) -> None:
        self.failure = WireFailure(fault, detail)
        self._tail.clear()


def parse_message(text: str | bytes) -> AmiMessage:
    """One message from its text, line ends LF or CR LF: for traces and tests.

    Raises ValueError when it is neither an event nor a response.
    """
    raw = text.encode() if isinstance(text, str) else text
    block = b"\r\n".join(line.rstrip(b"\r") for line in raw.strip().split(b"\n"))
    parser = AmiParser(max_message_bytes=len(block) + 4, max_line_bytes=len(block) + 4)
    parser.banner = ""
    messages = parser.feed(block + _SEP)
    if len(messages) != 1:
        raise ValueError("not one AMI message")
    return messages[0]


def _needle(key: str) -> bytes:
    needle = b"\r\n" + key.encode() + b": "
    if len(_needles) < _MAX_CACHED_NAMES:
        _needles[key] = needle
    return needle


def _first_value(block: bytes, key: bytes) -> str:
    return block[len(key) :].partition(_EOL)[0].decode("utf-8", "replace")


def _split_header(line: str) -> tuple[str, str]:
    key, colon, value = line.partition(": ")
    if not colon:
        key, colon, value = line.partition(":")
    return (key, value) if colon else ("", line)
