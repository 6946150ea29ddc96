"""How often one may try. Pure: the time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address


@dataclass(slots=True)
class _Bucket:
    left: float
    at_us: int


class RateLimiter:
    """A token bucket for each key: `burst` tries at once, then one every `refill_us` microseconds.

    At most `max_keys` buckets are kept, the least recently used goes first; a new key starts with a
    full bucket, so the memory is bounded whatever names an attacker makes up.
    """

    def __init__(self, *, burst: int, refill_us: int, max_keys: int = 10_000) -> None:
        self._burst, self._refill_us, self._max_keys = burst, refill_us, max_keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now_us: int) -> int:
        """Use up one try of `key`: 0 when it may go on, else the microseconds to wait.

        A refused try costs nothing, so that knocking on does not lengthen the wait.
        """
        bucket = self._bucket(key, now_us)
        if bucket.left < 1:
            return max(1, round((1 - bucket.left) * self._refill_us))
        bucket.left -= 1
        return 0

    def give_back(self, key: str, now_us: int) -> None:
        """The try was a good one: it does not count."""
        bucket = self._bucket(key, now_us)
        bucket.left = min(float(self._burst), bucket.left + 1)

    def _bucket(self, key: str, now_us: int) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(self._burst), now_us)
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            # A clock set back must not take tries away: time only counts forward.
            passed = max(0, now_us - bucket.at_us)
            bucket.left = min(float(self._burst), bucket.left + passed / self._refill_us)
            bucket.at_us = max(bucket.at_us, now_us)
            self._buckets.move_to_end(key)
        return bucket


def address_key(peer: str) -> str:
    """The limiter's key for a peer's address. One IPv6 subscriber owns a whole /64."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64"


def is_loopback(peer: str) -> bool:
    """Whether the peer's address is this machine's own loopback."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(mapped.is_loopback if mapped is not None else address.is_loopback)
