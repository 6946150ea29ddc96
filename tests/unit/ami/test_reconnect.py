from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ami.errors import IllegalTransition
from cti.ami.reconnect import Backoff, Cause, Phase, Reconnect

BACKOFF = Backoff()


def machine(chance: float = 0.5) -> Reconnect:
    return Reconnect(BACKOFF, lambda: chance)


def lose(one: Reconnect, cause: Cause = Cause.UNREACHABLE) -> float:
    """One failed attempt from CONNECTING; the wait after it."""
    wait_s = one.lost(0.0, cause).retry_in_s
    one.due()
    return wait_s


def test_a_good_day() -> None:
    one = machine()
    assert one.state.cause is Cause.NOT_STARTED
    phases = [one.start(), one.opened(), one.accepted(5.0), one.stop()]
    assert [state.phase for state in phases] == [
        Phase.CONNECTING,
        Phase.LOGGING_IN,
        Phase.UP,
        Phase.STOPPED,
    ]
    assert phases[2].up
    assert (phases[2].session, phases[3].cause) == (1, Cause.STOPPED)


def test_waits_double_up_to_the_cap() -> None:
    one = machine()
    one.start()
    assert [lose(one) for _ in range(6)] == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0]


def test_a_refused_login_waits_long_and_longer() -> None:
    one = machine()
    one.start()
    waits = []
    for _ in range(4):
        one.opened()
        waits.append(lose(one, Cause.AUTH_FAILED))
    assert waits == [60.0, 120.0, 240.0, 300.0]
    assert sum(waits[:4]) >= 600.0, "at most four refusals in ten minutes"


def test_refused_logins_and_failed_connects_are_counted_apart() -> None:
    one = machine()
    one.start()
    for _ in range(5):
        lose(one)
    one.opened()
    assert lose(one, Cause.AUTH_FAILED) == 60.0
    assert lose(one) == 0.2


def test_a_sound_session_starts_the_waits_anew_and_a_short_one_does_not() -> None:
    one = machine()
    one.start()
    for _ in range(3):
        lose(one)
    one.opened()
    one.accepted(100.0)
    assert one.lost(100.0 + BACKOFF.stable_s - 0.1, Cause.CLOSED).retry_in_s == 1.6
    one.due()
    one.opened()
    one.accepted(200.0)
    assert one.lost(200.0 + BACKOFF.stable_s, Cause.CLOSED).retry_in_s == 0.2


def test_the_reason_is_kept_while_trying_again_and_gone_when_up() -> None:
    one = machine()
    one.start()
    one.lost(0.0, Cause.UNREACHABLE, "no route")
    again = one.due()
    assert (again.phase, again.cause, again.detail) == (
        Phase.CONNECTING,
        Cause.UNREACHABLE,
        "no route",
    )
    one.opened()
    up = one.accepted(1.0)
    assert (up.cause, up.detail, up.retry_in_s) == (None, "", 0.0)


def test_sessions_are_counted() -> None:
    one = machine()
    one.start()
    for expected in (1, 2, 3):
        one.opened()
        assert one.accepted(0.0).session == expected
        assert one.lost(0.0, Cause.CLOSED).session == expected
        one.due()


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_every_wait_is_within_its_bounds(failures: int, chance: float) -> None:
    wait_s = BACKOFF.wait_s(failures, Cause.CLOSED, chance)
    assert BACKOFF.first_s * 0.75 <= wait_s <= BACKOFF.cap_s * 1.25


@given(st.lists(st.sampled_from(["start", "opened", "accepted", "lost", "due", "stop"])))
def test_any_order_of_inputs_is_legal_or_refused_and_changes_nothing_then(
    inputs: list[str],
) -> None:
    one = machine()
    moves = {
        "start": one.start,
        "opened": one.opened,
        "accepted": lambda: one.accepted(0.0),
        "lost": lambda: one.lost(0.0, Cause.CLOSED),
        "due": one.due,
        "stop": one.stop,
    }
    for name in inputs:
        before = one.state
        try:
            assert moves[name]() is one.state
        except IllegalTransition as error:
            assert error.old == before.phase.value
            assert one.state is before
        assert (one.state.phase is Phase.WAITING) == (one.state.retry_in_s > 0)


@pytest.mark.parametrize("name", ["opened", "due"])
def test_the_impossible_is_refused(name: str) -> None:
    with pytest.raises(IllegalTransition, match="cannot go from stopped"):
        getattr(machine(), name)()
