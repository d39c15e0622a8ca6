"""What must stop when the disk fills, and how long before a person hears of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.core.space import (
    DAYS_LOW,
    DaySize,
    Level,
    Room,
    Work,
    growth,
    judge,
    reserve_size,
)

MB = 1 << 20
WANTED = 64 * MB


def room(usable, *, reusable=0, reserve=WANTED, wanted=WANTED):
    return Room(usable - reusable - reserve + wanted, reusable, reserve, wanted)


def level(usable, per_day=None, **more):
    return judge(room(usable, **more), per_day).level


def test_the_levels_come_one_after_the_other_as_room_goes():
    """A till would refuse sales while it still wrote what anybody could do without."""
    seen = [level(usable * MB) for usable in (513, 511, 255, 127, 5, 3, -10)]
    order = [Level.OK, Level.LOW, Level.SHED, Level.SALES_ONLY, Level.SALES_ONLY]
    assert [*order, Level.FULL, Level.FULL] == seen


def test_reference_data_stops_first_then_what_can_wait_and_a_sale_last():
    """A price list would be written with the last bytes a sale needs."""
    stopped = {usable: judge(room(usable * MB), None).refused for usable in (600, 300, 200, 100, 1)}
    assert () == stopped[600] == stopped[300]
    assert (Work.SNAPSHOTS, Work.DELTAS, Work.EVENTS, Work.BACKUPS) == stopped[200]
    assert (*stopped[200], Work.PICTURES, Work.SIDE) == stopped[100]
    assert tuple(Work) == stopped[1]
    assert judge(room(100 * MB), None).allows(Work.SALES)
    assert not judge(room(1 * MB), None).allows(Work.SALES)


def test_pages_the_journal_can_write_again_are_room():
    """A till that has pruned would refuse sales with half its file empty."""
    assert Level.OK == level(600 * MB, reusable=590 * MB)


def test_a_released_reserve_is_no_room():
    """The room freed to finish one sale would be taken to begin the next."""
    released = Room(free=WANTED, reusable=0, reserve=0, wanted=WANTED)
    assert (0, Level.FULL) == (released.usable, judge(released, None).level)


def test_without_a_reserve_nothing_is_refused():
    """An owner who set none would still be refused."""
    assert Level.OK == level(0, reserve=0, wanted=0)


def test_a_person_is_warned_at_least_two_weeks_ahead():
    """Nobody could make room before the shop stands still."""
    per_day = 100 * MB
    margin = WANTED // 16
    warned = judge(room(DAYS_LOW * per_day + margin), per_day)
    assert (Level.LOW, DAYS_LOW, 100 * MB) == (warned.level, warned.days, warned.growth)
    assert DAYS_LOW >= 14
    assert Level.OK == level((DAYS_LOW + 1) * per_day + margin, per_day)


def test_no_growth_needs_no_forecast():
    """A journal that prunes as much as it writes would be said to end today."""
    assert None is judge(room(600 * MB), 0).days is judge(room(600 * MB), None).days
    assert 0 == judge(room(0), 5).days


def test_growth_is_the_journals_own_or_the_disks_if_that_is_more():
    """A log gone wild would fill the disk long before the day that was forecast."""
    own = [DaySize(used=n * 10, usable=1000) for n in range(4)]
    others = [DaySize(used=n * 10, usable=1000 - n * 25) for n in range(4)]
    shrinking = [DaySize(used=100 - n, usable=1000 + n) for n in range(4)]
    assert (10, 25, 0) == (growth(own, 0, 4), growth(others, 0, 4), growth(shrinking, 0, 4))


def test_growth_before_two_days_were_measured_is_the_mean_of_all_days():
    """A journal of years would have no forecast after an upgrade, a new one a wild one."""
    one = [DaySize(used=900, usable=1000)]
    assert (91, 91) == (growth(one, 905, 10), growth([], 905, 10))
    assert None is growth([], 905, 0)


def test_growth_looks_back_two_weeks():
    """What a shop sold before the season would hide what it sells now."""
    quiet = [DaySize(used=n, usable=10**6) for n in range(100)]
    busy = [DaySize(used=100 + n * 50, usable=10**6) for n in range(15)]
    assert 50 == growth([*quiet, *busy], 0, 115)


def test_a_small_file_system_gives_an_eighth():
    """On a small disk no sale could ever be begun: it would be all reserve."""
    assert (2 * MB, 64 * MB) == (reserve_size(64 * MB, 16 * MB), reserve_size(64 * MB, 16 << 30))


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(1, 10**9),
    st.one_of(st.none(), st.integers(0, 10**10)),
)
def test_less_room_never_allows_more(less, more, wanted, per_day):
    """A level would be left again on the way down, and work begun that cannot end."""
    low, high = sorted((less, more))
    below = judge(Room(low, 0, wanted, wanted), per_day)
    above = judge(Room(high, 0, wanted, wanted), per_day)
    assert set(above.refused) <= set(below.refused)
    assert list(Level).index(above.level) <= list(Level).index(below.level)
