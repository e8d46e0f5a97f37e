"""Own generation behind the meter."""

import math
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.market.generation import ConstantGeneration, FileGeneration, SyntheticWind
from sim.rng import stream
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

START_UTC_S = 1_704_067_200.0  # 2024-01-01T00:00Z
YEAR_S = 365 * 86_400.0


def wind(folder: Path, rows: str, scale_ratio: float = 1.0) -> Signal:
    (folder / "wind.csv").write_text(f"time_utc,wind_mw\n{rows}")
    spec = FileGeneration(file="wind.csv", power_column="wind_mw", scale_ratio=scale_ratio)
    return spec.signal(Span(Files([folder]), START_UTC_S, 7200.0))


def test_a_file_is_scaled(tmp_path):
    power = wind(tmp_path, "2024-01-01T00:00Z,12000\n2024-01-01T01:00Z,0\n", 0.01)
    assert (power.time_s.tolist(), power.value.tolist()) == ([0.0, 3600.0], [120.0, 0.0])


def test_power_below_zero_is_refused_with_its_time(tmp_path):
    with pytest.raises(
        InputError,
        match="'wind_mw', row 2: must be from 0 to 1,000,000 MW, got -3; a meter's small negatives",
    ):
        wind(tmp_path, "2024-01-01T00:00Z,5\n2024-01-01T01:00Z,-3\n")


def test_a_constant_plant_gives_the_same_all_the_time():
    power = ConstantGeneration(mw=30.0).signal(Span(Files([]), START_UTC_S, 100.0))
    assert (power.value.tolist(), power.end_s) == ([30.0], 100.0)


def test_wind_speeds_are_weibull_distributed_with_the_memory_given():
    farm = SyntheticWind(rated_mw=100.0, memory_h=5.0)
    speeds = np.concatenate([farm.speeds_m_per_s(35_040, stream(seed, "wind")) for seed in range(20)])

    for quantile in (0.1, 0.5, 0.9, 0.99):
        expected = 8.5 * (-math.log(1.0 - quantile)) ** (1.0 / 2.0)
        assert np.quantile(speeds, quantile) == pytest.approx(expected, rel=0.03)
    ranks = np.argsort(np.argsort(speeds)) / speeds.size
    hours = 4 * 5
    # rank correlation of a Gaussian copula: 6/pi asin(rho/2)
    expected = 6.0 / math.pi * math.asin(math.exp(-1.0) / 2.0)
    assert np.corrcoef(ranks[:-hours], ranks[hours:])[0, 1] == pytest.approx(expected, abs=0.03)


def test_the_default_farm_makes_a_third_of_its_rated_energy():
    farm = SyntheticWind(rated_mw=100.0)
    speed = np.linspace(0.0, 60.0, 60_001)
    density = 2.0 / 8.5 * (speed / 8.5) * np.exp(-((speed / 8.5) ** 2))
    expected = float(np.trapezoid(density * farm.power_mw(speed), speed))

    made = [farm.power_mw(farm.speeds_m_per_s(35_040, stream(seed, "wind"))).mean() for seed in range(30)]

    assert expected == pytest.approx(33.9, abs=0.1)
    assert np.mean(made) == pytest.approx(expected, rel=0.03)


def test_a_shorter_run_meets_the_same_wind():
    farm = SyntheticWind(rated_mw=100.0)
    year = farm.signal(Span(Files([]), START_UTC_S, YEAR_S, 3))
    day = farm.signal(Span(Files([]), START_UTC_S, 86_400.0, 3))
    assert day.value.tolist() == year.value[:96].tolist()


def test_wind_speeds_out_of_order_are_refused():
    with pytest.raises(ValidationError, match="cut_in_m_per_s is 13 m/s; must be below full_m_per_s, 12 m/s"):
        SyntheticWind(rated_mw=100.0, cut_in_m_per_s=13.0)
