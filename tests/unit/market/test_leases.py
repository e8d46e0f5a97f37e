from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.market.leases import Lease
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

START = datetime.fromisoformat("2026-01-01T00:00:00-06:00")


def a_lease(**fields):
    return Lease(name="gpu", critical_mw=100.0, **fields)


def owed_usd(lease, start, days):
    return lease.rent_usd_per_h(start, days * SECONDS_PER_DAY).integral() / SECONDS_PER_HOUR


def test_a_lease_year_owes_exactly_its_rent():
    assert owed_usd(a_lease(), START, 365.0) == pytest.approx(190e6, rel=1e-12)


def test_a_lease_year_with_a_leap_day_owes_the_same_rent():
    leap = datetime.fromisoformat("2028-01-01T00:00:00+00:00")
    assert owed_usd(a_lease(), leap, 366.0) == pytest.approx(190e6, rel=1e-12)


def test_rent_rises_at_each_anniversary():
    years_usd = [190e6, 190e6 * 1.03, 190e6 * 1.03**2]  # 2026, 2027 and the leap year 2028
    assert owed_usd(a_lease(), START, 365 + 365 + 366) == pytest.approx(sum(years_usd), rel=1e-12)
    rent = a_lease().rent_usd_per_h(START, 800 * SECONDS_PER_DAY)
    assert rent.time_s.tolist() == [0.0, 365 * SECONDS_PER_DAY, 730 * SECONDS_PER_DAY]


def test_no_rent_is_owed_before_commencement_and_after_the_term():
    begun = datetime.fromisoformat("2026-01-11T00:00:00-06:00")
    rent = a_lease(commencement=begun, term_years=1).rent_usd_per_h(START, 400 * SECONDS_PER_DAY)
    assert rent.time_s.tolist() == [0.0, 10 * SECONDS_PER_DAY, 375 * SECONDS_PER_DAY]
    assert rent.value[0] == rent.value[2] == 0.0
    assert rent.integral() / SECONDS_PER_HOUR == pytest.approx(190e6, rel=1e-12)


def test_a_run_within_the_third_lease_year_pays_that_year_s_rent():
    begun = datetime.fromisoformat("2023-06-01T00:00:00-06:00")
    rent = a_lease(commencement=begun).rent_usd_per_h(START, SECONDS_PER_DAY)
    assert rent.value.tolist() == pytest.approx([190e6 * 1.03**2 / 8760.0])


def test_a_lease_begun_on_a_leap_day_has_its_anniversary_on_28_february():
    begun = datetime.fromisoformat("2024-02-29T00:00:00+00:00")
    begin_s, end_s = a_lease(commencement=begun, term_years=1).span_s(begun)
    assert (begin_s, end_s) == (0.0, 365 * SECONDS_PER_DAY)


@given(
    days=st.floats(1.0, 3000.0),
    escalator=st.floats(0.0, 0.2),
    shift_days=st.integers(-2000, 2000),
)
def test_rent_doubles_with_the_rate_and_never_falls_within_the_term(days, escalator, shift_days):
    begun = datetime.fromtimestamp(START.timestamp() + shift_days * SECONDS_PER_DAY, START.tzinfo)
    one, two = (
        a_lease(rent_usd_per_mw_year=rate, escalator_fraction=escalator, commencement=begun) for rate in (1e6, 2e6)
    )
    end_s = days * SECONDS_PER_DAY
    rent, twice = one.rent_usd_per_h(START, end_s), two.rent_usd_per_h(START, end_s)
    assert np.array_equal(twice.time_s, rent.time_s)
    assert twice.value == pytest.approx(2.0 * rent.value)
    # 366 days share a year's rent one day thinner
    assert np.all(rent.value[1:] >= rent.value[:-1] * 365.0 / 366.0 - 1e-9)


def test_a_load_named_twice_is_refused():
    with pytest.raises(ValidationError, match="loads must name each load once; used twice: a"):
        a_lease(loads=("a", "a"))
