import numpy as np
import pytest

from sim.dynamics.andes_process import SYSTEMS, AndesAnswer
from sim.dynamics.comparison import COLUMNS, StudyWindow, WindowComparison
from sim.grid.frequency import Governor, GridModel, response
from sim.signals import Signal

NONE = np.array([])


def compared(centre_hz, lowest_hz=NONE, highest_hz=NONE, failure=""):
    model = GridModel(8000.0, 20.0, (Governor(400.0, 0.3, 0.3, 7.0),))
    power = Signal.steps([0.0, 1.0], [0.0, 10.0], 5.0)
    sfr = response([0.0, 1.0, 1.0, 5.0], [0.0, 0.0, 10.0, 10.0], model)
    times_s = np.arange(len(centre_hz), dtype=np.float64)
    andes = AndesAnswer("2.0", model, times_s, np.asarray(centre_hz), lowest_hz, highest_hz, failure)
    return WindowComparison(StudyWindow(1.0, 10.0, 0.0, 5.0), SYSTEMS["kundur"], power, sfr, andes)


def test_the_numbers_of_a_comparison_are_those_of_its_table():
    found = compared([60.0, 59.98, 60.01], np.array([59.97, 59.9]), np.array([60.02, 60.0]))

    numbers = found.numbers
    assert list(numbers) == COLUMNS[5:-1]
    assert numbers["andes_lowest_mhz"] == pytest.approx(-20.0)
    assert numbers["andes_highest_mhz"] == pytest.approx(10.0)
    assert numbers["andes_peak_mhz"] == pytest.approx(20.0)
    assert numbers["andes_worst_machine_mhz"] == pytest.approx(100.0)
    assert numbers["sfr_lowest_mhz"] == pytest.approx(1000.0 * (found.sfr.nadir_hz - 60.0))
    assert numbers["sfr_peak_mhz"] == -numbers["sfr_lowest_mhz"] > 0.0
    assert numbers["sfr_off_by_ratio"] == pytest.approx(numbers["sfr_peak_mhz"] / 20.0 - 1.0)


def test_where_andes_found_nothing_its_numbers_are_none():
    numbers = compared([], failure="no solution").numbers

    assert np.isnan([numbers[name] for name in numbers if name.startswith("andes")]).all()
    assert np.isnan(numbers["sfr_off_by_ratio"])
    assert np.isfinite(numbers["sfr_peak_mhz"])
