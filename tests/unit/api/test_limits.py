"""The rate limiter, by its own clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.api.limits import RateLimiter, address_key, is_loopback

SECOND = 1_000_000


def test_after_the_burst_one_waits_for_the_next_try_and_a_refusal_costs_nothing() -> None:
    limiter = RateLimiter(burst=3, refill_us=10 * SECOND)

    assert [limiter.take("wang", 0) for _ in range(3)] == [0, 0, 0]
    assert [limiter.take("wang", 4 * SECOND) for _ in range(50)] == [6 * SECOND] * 50
    assert limiter.take("wang", 10 * SECOND) == 0
    assert limiter.take("wang", 10 * SECOND) == 10 * SECOND


def test_keys_do_not_disturb_each_other() -> None:
    limiter = RateLimiter(burst=1, refill_us=SECOND)

    assert limiter.take("wang", 0) == 0
    assert limiter.take("li", 0) == 0
    assert limiter.take("wang", 0) == SECOND


def test_a_good_try_that_is_given_back_does_not_count() -> None:
    limiter = RateLimiter(burst=1, refill_us=SECOND)

    for _ in range(100):
        assert limiter.take("wang", 0) == 0
        limiter.give_back("wang", 0)


def test_a_clock_that_goes_back_neither_frees_nor_blocks_for_long() -> None:
    limiter = RateLimiter(burst=1, refill_us=SECOND)

    assert limiter.take("wang", 100 * SECOND) == 0
    assert limiter.take("wang", 0) == SECOND
    assert limiter.take("wang", 101 * SECOND) == 0


def test_memory_is_bounded_and_the_longest_unused_key_goes_first() -> None:
    limiter = RateLimiter(burst=1, refill_us=3600 * SECOND, max_keys=2)

    limiter.take("a", 0)
    limiter.take("b", 0)
    limiter.take("a", 0)
    limiter.take("c", 0)

    assert len(limiter) == 2
    assert limiter.take("a", 0) > 0


@given(
    st.lists(st.integers(0, 100 * SECOND), min_size=1, max_size=200).map(sorted),
    st.integers(1, 20),
    st.integers(1, 10 * SECOND),
)
def test_in_any_time_no_more_is_allowed_than_burst_plus_refill(
    times: list[int], burst: int, refill_us: int
) -> None:
    limiter = RateLimiter(burst=burst, refill_us=refill_us)

    allowed = [at for at in times if limiter.take("k", at) == 0]

    assert len(allowed) <= burst + (times[-1] - times[0]) / refill_us + 1e-6


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("/tmp/socket", "unknown"),
    ],
)
def test_addresses_of_one_subscriber_have_one_key(peer: str, key: str) -> None:
    assert address_key(peer) == key


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine(peer: str, local: bool) -> None:
    assert is_loopback(peer) is local
