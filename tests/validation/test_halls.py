"""What the registry's cases of halls (published_halls.py) do not say with one number."""

import numpy as np
import pytest
from published import DATA
from published_halls import AIR, CLIMATES, DIPS_APART_S, HIT_S, northern_virginia, year_in


@pytest.mark.parametrize("climate", CLIMATES)
def test_a_year_of_weather_takes_a_few_lines_an_hour(climate):
    if not (DATA / CLIMATES[climate]).is_file():
        pytest.skip("its weather file does not ship: no ../shared/data here")

    assert year_in(climate, AIR, 1.0).metrics["event_count"] / 8760.0 < 6.0


def test_northern_virginia_rides_through_two_dips_and_leaves_with_the_third():
    result = northern_virginia(DIPS_APART_S)
    site = result.recording["site_power_mw"]
    third_s = HIT_S + 2 * DIPS_APART_S

    before_mw = site.at([HIT_S - 1.0])[0]
    assert site.at([third_s + 0.4])[0] == before_mw
    assert site.at([third_s + 0.6])[0] == 0.0
    returning = sorted(event.time_s for event in result.recording.events if event.kind == "reconnect")
    assert len(returning) == 60
    assert returning[30] - third_s == pytest.approx(2.0 * 3600.0, rel=0.3)
    assert site.at([site.end_s - 1.0])[0] == pytest.approx(before_mw)


def test_northern_virginia_had_not_come_with_dips_further_apart():
    """The same six dips, 31 s apart: no three within a minute, nothing transfers."""
    recording = northern_virginia(31.0).recording
    site, voltage_pu = recording["site_power_mw"], recording["voltage_pu"]

    assert not [event for event in recording.events if event.kind == "transfer"]
    shares = site.at(voltage_pu.time_s) / site.maximum()
    assert shares == pytest.approx(np.minimum(1.0, voltage_pu.value / 0.9)), "less in a dip, all of it after"
