"""A site with other seats and settings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from acd.simulator.day import Move, all_day
from config.site import Seat, Site
from config.site_slips import slips
from cti.ids import SeatId
from cti.simulate_site import (
    ChangeRefused,
    Staffed,
    find_site,
    seats_after,
    with_seats,
    with_settings,
)

KINDS = (["repairs"], ["bills", "service"], ["repairs", "bills", "service"])


def site_of(count: int) -> Site:
    seats = {
        f"{1001 + place}": Seat(
            name="x", device=f"PJSIP/{1001 + place}", queues=KINDS[place % len(KINDS)]
        )
        for place in range(count)
    }
    return find_site(Path("demo-water")).model_copy(update={"seats": seats})


def staffed(count: int) -> Staffed:
    return Staffed(site_of(count), all_day([SeatId(f"{1001 + n}") for n in range(count)], 0))


def kinds(staffed: Staffed) -> Counter[tuple[str, ...]]:
    return Counter(tuple(staffed.site.seats[seat].queues) for seat in staffed.seats)


@pytest.mark.parametrize("count", [90, 81, 60, 3, 1, 91, 120, 180, 270, 300])
def test_the_mix_of_seats_stays_as_it_was(count: int) -> None:
    changed = with_seats(staffed(90), count)
    assert len(changed.seats) == count
    for share in kinds(changed).values():
        assert share == pytest.approx(count / 3, abs=1)
    assert not [slip for slip in slips(changed.site) if slip[0][0] == "seats"]
    assert len(changed.dispatcher().seats()) == count


def test_doubles_have_the_shifts_of_their_models() -> None:
    moves = (
        Move(5, SeatId("1001"), "sign-on"),
        Move(9, SeatId("1001"), "pause", "tea"),
        Move(6, SeatId("1002"), "sign-on"),
    )
    changed = with_seats(Staffed(site_of(2), moves), 4)
    shifts = Counter((move.at, move.wish, move.reason) for move in changed.moves)
    assert shifts == {(5, "sign-on", ""): 2, (9, "pause", "tea"): 2, (6, "sign-on", ""): 2}


def test_seats_that_were_not_there_are_no_seats_of_the_day() -> None:
    day = Staffed(site_of(9), all_day([SeatId("1001"), SeatId("1002")], 0))
    assert day.seats == ["1001", "1002"]
    assert len(with_seats(day, 1).seats) == 1


def test_the_same_change_leaves_out_the_same_seats() -> None:
    assert with_seats(staffed(90), 70) == with_seats(staffed(90), 70)


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("-10%", 90),
        ("+10%", 110),
        ("90%", 90),
        ("-3", 97),
        ("+3", 103),
        ("40", 40),
        ("-0.4%", 100),
        ("-10％", 90),
        (" 50 ", 50),
    ],
)
def test_changes_of_the_number_of_seats(change: str, after: int) -> None:
    assert seats_after(change, 100) == after


@pytest.mark.parametrize("change", ["", "-", "%", "ten", "-10%%", "--3", "1e9", "-100", "nan"])
def test_what_is_no_number_of_seats_is_refused(change: str) -> None:
    with pytest.raises(ChangeRefused):
        seats_after(change, 100)


def test_a_setting_goes_to_one_queue_or_to_all() -> None:
    site = find_site(Path("demo-water"))
    one = with_settings(site, ["repairs.ring_seconds=30"])
    assert [queue.ring_seconds for queue in one.queues.values()] == [30, 15, 15]
    every = with_settings(site, ["*.ring_seconds=30", "bills.ring_seconds=20"])
    assert [queue.ring_seconds for queue in every.queues.values()] == [30, 20, 30]
    assert site.queues["repairs"].ring_seconds == 15
