"""When a service is left alone, and when it is tried again."""

from __future__ import annotations

from service_desk.breaker import Breaker


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(failures=3, pause_s=5)
    for _ in range(3):
        assert breaker.may_ask(at)
        breaker.failed(at)
    return breaker


def test_failures_in_a_row_open_it_and_an_answer_between_does_not_count_as_one() -> None:
    breaker = Breaker(failures=3, pause_s=5)
    for _ in range(10):
        breaker.failed(0)
        breaker.failed(0)
        breaker.answered()
    assert breaker.may_ask(0)
    assert not opened().may_ask(4.9)


def test_after_the_pause_one_trial_decides() -> None:
    breaker = opened()
    assert breaker.may_ask(5)
    assert not breaker.may_ask(5)
    breaker.failed(6)
    assert not breaker.may_ask(10.9)
    assert breaker.may_ask(11)
    breaker.answered()
    assert breaker.may_ask(11)
    assert breaker.may_ask(11)


def test_trial_of_a_caller_who_hung_up_is_given_to_the_next() -> None:
    breaker = opened()
    assert breaker.may_ask(5)
    breaker.given_up()
    assert breaker.may_ask(5)


def test_late_failures_of_earlier_askers_do_not_put_the_trial_off() -> None:
    breaker = opened()
    breaker.failed(4.9)
    breaker.failed(4.9)
    assert breaker.may_ask(5)
