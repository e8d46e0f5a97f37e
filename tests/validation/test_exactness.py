"""Runs against a reference that goes from event to event in exact fractions and shares no code with `sim`.

The reference knows the written rules alone: what changes at one instant is seen together; AI power arrives
after the telemetry delay; decisions are an interval apart; the target goes down the merit order; a command
starts its ramp after the latency, from where the ramp before has got to.
"""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from quick import run

from sim.testing import a_scenario

WATT_MW = Fraction(1, 10**6)  # excess up to a watt counts as none
START = datetime(2026, 1, 1, tzinfo=UTC)
END_S = Fraction(1350)  # 1/64 of a day, so that its length in days is a float without rounding
PRICE_STEP_S = 90

Path_ = list[tuple[Fraction, Fraction, Fraction]]  # time [s], value, slope [1/s]


@dataclass(frozen=True)
class Fleet:
    rated_mw: Fraction
    minimum_mw: Fraction = Fraction(0)
    up_mw_per_s: Fraction = Fraction(1)
    down_mw_per_s: Fraction = Fraction(5)
    latency_s: Fraction = Fraction(0)
    efficiency_j_per_th: Fraction = Fraction(20)
    initial_mw: Fraction | None = None


@dataclass(frozen=True)
class Case:
    loads: tuple[tuple[tuple[Fraction, Fraction], ...], ...]  # steps of each load: time [s], power [MW]
    fleets: tuple[Fleet, ...]
    prices: tuple[Fraction, ...]  # one each PRICE_STEP_S
    margin_mw: Fraction = Fraction(0)
    delay_s: Fraction = Fraction(0)
    interval_s: Fraction = Fraction(0)
    publication_delay_s: Fraction = Fraction(0)
    limit_mw: Fraction = Fraction(200)
    hashprice: Fraction = Fraction(50)
    fee: Fraction = Fraction(1, 32)


# -- the reference ------------------------------------------------------------------------------------------


def level_at(steps, time_s):
    return [value for since_s, value in steps if since_s <= time_s][-1]


class Reference:
    """Goes through the instants of a case in order, and keeps the power of each fleet as a path."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.order = sorted(range(len(case.fleets)), key=lambda i: case.fleets[i].efficiency_j_per_th)
        self.paths: list[Path_] = [[] for _ in case.fleets]
        self.told: list[Fraction | None] = [None for _ in case.fleets]
        self.decisions = 0
        self.moves: list[tuple[Fraction, int, Fraction]] = []  # commands on their way: arrival, fleet, power
        self.go()

    def ai_mw(self, time_s):
        return sum((level_at(steps, time_s) for steps in self.case.loads), Fraction(0))

    def go(self):  # noqa: C901  # the rules one after the other, as they are written
        case = self.case
        stated = {time_s for steps in case.loads for time_s, _ in steps}
        published = {Fraction(i * PRICE_STEP_S) + case.publication_delay_s for i in range(1, len(case.prices))} | {
            Fraction(0)
        }
        arrivals: dict[Fraction, Fraction] = {}
        turns: set[Fraction] = set()
        seen_mw, metered, news, free_from = Fraction(0), None, False, Fraction(0)
        now = Fraction(0)
        while now < END_S:
            if now in stated and self.ai_mw(now) != metered:
                if metered is None or case.delay_s == 0:
                    seen_mw, news = self.ai_mw(now), True
                else:
                    arrivals[now + case.delay_s] = self.ai_mw(now)
                metered = self.ai_mw(now)
            if now in arrivals:
                seen_mw, news = arrivals[now], True
            if now in published:
                news = True
            if news and now >= free_from:
                news, free_from = False, now + case.interval_s
                self.decide(now, max(Fraction(0), case.limit_mw - case.margin_mw - seen_mw))
            elif news:
                turns.add(free_from)
            now = min((t for t in stated | published | turns | set(arrivals) if t > now), default=END_S)
        for arrival, fleet, power in sorted(self.moves, key=lambda move: move[0]):
            self.ramp(fleet, arrival, power)

    def decide(self, now, target_mw):
        self.decisions += 1
        left = target_mw - sum(fleet.minimum_mw for fleet in self.case.fleets)
        for i in self.order:
            fleet = self.case.fleets[i]
            extra = max(Fraction(0), min(left, fleet.rated_mw - fleet.minimum_mw))
            left -= extra
            power = fleet.minimum_mw + extra
            if power == self.told[i]:
                continue
            if self.told[i] is None:
                self.paths[i] = [(Fraction(0), power if fleet.initial_mw is None else fleet.initial_mw, Fraction(0))]
            self.told[i] = power
            self.moves.append((now + fleet.latency_s, i, power))

    def ramp(self, i, start, goal):
        path, fleet = self.paths[i], self.case.fleets[i]
        while path and path[-1][0] > start:
            path.pop()
        since, value, slope = path[-1]
        value += slope * (start - since)
        if goal == value:
            path.append((start, value, Fraction(0)))
            return
        slope = fleet.up_mw_per_s if goal > value else -fleet.down_mw_per_s
        path += [(start, value, slope), (start + (goal - value) / slope, goal, Fraction(0))]

    def pieces(self):
        """Yield start, end, AI power, fleet powers at both ends of each piece, and price."""
        case = self.case
        times = {Fraction(0), END_S, *(Fraction(i * PRICE_STEP_S) for i in range(len(case.prices)))}
        times |= {t for steps in case.loads for t, _ in steps} | {t for path in self.paths for t, _, _ in path}
        prices = [(Fraction(i * PRICE_STEP_S), price) for i, price in enumerate(case.prices)]
        for start, end in pairwise(sorted(t for t in times if t <= END_S)):
            ends = []
            for path in self.paths:
                since, value, slope = [point for point in path if point[0] <= start][-1]
                ends.append((value + slope * (start - since), value + slope * (end - since)))
            yield start, end, self.ai_mw(start), ends, level_at(prices, start)

    def metrics(self):
        case = self.case
        found = dict.fromkeys(
            ("site_energy_mwh", "fleet_energy_mwh", "idle_energy_mwh", "soaked_energy_mwh", "exceedance_s",
             "exceedance_mwh", "power_cost_usd", "fleet_power_cost_usd", "mining_revenue_usd"), Fraction(0)
        )  # fmt: skip
        peak, low, above, ends_above = Fraction(0), Fraction(10**9), 0, None
        for start, end, ai, ends, price in self.pieces():
            hours = (end - start) / 3600
            fleet = tuple(sum((pair[side] for pair in ends), Fraction(0)) for side in (0, 1))
            idle = max(Fraction(0), case.limit_mw - ai)
            fleet_mwh = (fleet[0] + fleet[1]) / 2 * hours
            found["fleet_energy_mwh"] += fleet_mwh
            found["site_energy_mwh"] += fleet_mwh + ai * hours
            found["idle_energy_mwh"] += idle * hours
            found["soaked_energy_mwh"] += fleet_mwh - positive_area(fleet[0] - idle, fleet[1] - idle) * hours
            found["fleet_power_cost_usd"] += fleet_mwh * price
            found["power_cost_usd"] += (fleet_mwh + ai * hours) * price
            excess = (ai + fleet[0] - case.limit_mw, ai + fleet[1] - case.limit_mw)
            found["exceedance_mwh"] += positive_area(*excess) * hours
            share, at_start, at_end = share_above(excess[0] - WATT_MW, excess[1] - WATT_MW)
            found["exceedance_s"] += share * (end - start)
            above += share > 0 and not (at_start and ends_above == start)
            ends_above = end if at_end else None
            peak, low = max(peak, *(ai + mw for mw in fleet)), min(low, *(ai + mw for mw in fleet))
            for spec, pair in zip(case.fleets, ends, strict=True):
                mined_ph_d = 1000 * (pair[0] + pair[1]) / 2 / spec.efficiency_j_per_th * hours / 24
                found["mining_revenue_usd"] += mined_ph_d * case.hashprice * (1 - case.fee)
        over = peak - case.limit_mw
        found |= {
            "exceedance_count": Fraction(above),
            "exceedance_peak_mw": over if over > WATT_MW else Fraction(0),
        }
        found |= {"site_peak_mw": peak, "dynamic_range_mw": peak - low}
        found |= {"site_mean_mw": found["site_energy_mwh"] * 3600 / END_S}
        found["decision_count"] = Fraction(self.decisions)
        found["mining_margin_usd"] = found["mining_revenue_usd"] - found["fleet_power_cost_usd"]
        if over <= WATT_MW:
            found["exceedance_mwh"] = Fraction(0)
        return found


def positive_area(first, last):
    """Return the integral of the positive part of a line over a unit of time."""
    if first * last >= 0:
        return max(Fraction(0), (first + last) / 2)
    high = max(first, last)
    return high / 2 * (high / abs(first - last))


def share_above(first, last):
    """Return on which share of a piece a line is above zero, and whether it is at start and end."""
    if first <= 0 and last <= 0:
        return Fraction(0), False, False
    if first >= 0 and last >= 0:
        return Fraction(1), True, True
    return max(first, last) / abs(first - last), first > 0, last > 0


# -- the same in the simulator ------------------------------------------------------------------------------


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def simulate(case: Case, folder: Path):
    for number, steps in enumerate(case.loads):
        rows = [(float(time_s), float(mw)) for time_s, mw in steps]
        write_csv(folder / f"load{number}.csv", ("time_s", "power_mw"), rows)
    times = [START + timedelta(seconds=i * PRICE_STEP_S) for i in range(len(case.prices))]
    prices = [(t.isoformat(), float(price)) for t, price in zip(times, case.prices, strict=True)]
    write_csv(folder / "prices.csv", ("time_utc", "usd_per_mwh"), prices)
    scenario = a_scenario(
        folder,
        start=START.isoformat(),
        days=float(END_S / 86400),
        limit_mw=float(case.limit_mw),
        loads=[{"name": f"l{i}", "type": "replay", "file": f"load{i}.csv"} for i in range(len(case.loads))],
        fleets=[fleet_entry(f"f{i}", fleet) for i, fleet in enumerate(case.fleets)],
        controller={
            "telemetry_delay_s": float(case.delay_s),
            "minimum_interval_s": float(case.interval_s),
        },
        policy={"type": "follow-headroom", "margin_mw": float(case.margin_mw)},
        market={
            "power": {
                "type": "file",
                "file": "prices.csv",
                "publication_delay_s": float(case.publication_delay_s),
            },
            "bitcoin": {
                "type": "fixed",
                "hashprice_usd_per_ph_day": float(case.hashprice),
                "pool_fee_fraction": float(case.fee),
            },
        },
    )
    return run(scenario)


def fleet_entry(name, fleet):
    return {
        "name": name,
        "type": "aggregate",
        "rated_mw": float(fleet.rated_mw),
        "minimum_mw": float(fleet.minimum_mw),
        "ramp_up_mw_per_s": float(fleet.up_mw_per_s),
        "ramp_down_mw_per_s": float(fleet.down_mw_per_s),
        "latency_s": float(fleet.latency_s),
        "efficiency_j_per_th": float(fleet.efficiency_j_per_th),
        "initial_mw": None if fleet.initial_mw is None else float(fleet.initial_mw),
    }


def assert_agrees(case: Case):
    expected = Reference(case).metrics()
    with TemporaryDirectory() as folder:
        found = simulate(case, Path(folder)).metrics
    for name, value in expected.items():
        assert found[name].value == pytest.approx(float(value), rel=1e-9, abs=1e-8), name


PRICES = tuple(Fraction(30 + 7 * i - 11 * (i % 3)) for i in range(15))
NONE_S = Fraction(0)


def steps(*points):
    return tuple((Fraction(time_s), Fraction(mw)) for time_s, mw in points)


FALL_AND_RISE = steps((0, 150), (100, 70), (120, 110), (400, 190), (700, 40))

SIXTY = Fleet(rated_mw=Fraction(60))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case((FALL_AND_RISE,), (SIXTY,), PRICES), id="ramps"),
        pytest.param(Case((FALL_AND_RISE,), (replace(SIXTY, up_mw_per_s=Fraction(1, 4)),), PRICES), id="mid-ramp"),
        pytest.param(Case((FALL_AND_RISE,), (replace(SIXTY, latency_s=Fraction(50)),), PRICES), id="in flight"),
        pytest.param(Case((FALL_AND_RISE,), (SIXTY,), PRICES, delay_s=Fraction(33)), id="telemetry delay"),
        pytest.param(Case((FALL_AND_RISE,), (SIXTY,), PRICES, interval_s=Fraction(64)), id="minimum interval"),
        pytest.param(Case((FALL_AND_RISE,), (replace(SIXTY, minimum_mw=Fraction(12)),), PRICES), id="minimum power"),
        pytest.param(Case((FALL_AND_RISE,), (replace(SIXTY, initial_mw=Fraction(7)),), PRICES), id="initial power"),
        pytest.param(
            Case(
                (FALL_AND_RISE, steps((0, 30), (100, 60), (400, 0)), steps((0, 5), (100, 0))),
                (
                    Fleet(Fraction(25), efficiency_j_per_th=Fraction(30)),
                    Fleet(Fraction(50), Fraction(5), efficiency_j_per_th=Fraction(15)),
                ),
                PRICES,
            ),
            id="three loads at one instant, two fleets",
        ),
    ],
)
def test_each_mechanism_agrees_with_the_reference(case):
    assert_agrees(case)


def test_a_fleet_behind_a_rise_exceeds_the_limit_by_a_triangle(tmp_path):
    # AI rises by 80 MW to 150 MW; 60 MW of miners give way to 50 MW at 5 MW/s: 10 MW x 2 s / 2
    case = Case((steps((0, 70), (500, 150)),), (SIXTY,), (Fraction(40),) * 15)

    metrics = simulate(case, tmp_path).metrics

    assert metrics["exceedance_mwh"] == pytest.approx(10.0 / 3600.0, rel=1e-12)
    assert metrics["exceedance_s"] == pytest.approx(2.0 - 1e-6 / 5.0, rel=1e-12)  # the last watt does not count
    assert metrics["exceedance_peak_mw"] == 10.0
    assert metrics["site_peak_mw"] == 210.0
    assert metrics["exceedance_count"] == 1.0


def test_the_cost_of_a_ramp_follows_a_price_that_steps_within_it(tmp_path):
    # the fleet falls from 60 to 0 MW at 1/2 MW/s from 60 s on; the price goes from 10 to 100 at 90 s
    fleet = replace(SIXTY, down_mw_per_s=Fraction(1, 2))
    case = Case((steps((0, 140), (60, 200)),), (fleet,), (Fraction(10),) + (Fraction(100),) * 14)

    metrics = simulate(case, tmp_path).metrics

    before_mwh = (60 * 60 + (60 + 45) / 2 * 30) / 3600
    after_mwh = 45 * 90 / 2 / 3600
    assert metrics["fleet_power_cost_usd"] == pytest.approx(10 * before_mwh + 100 * after_mwh, rel=1e-12)


@pytest.mark.parametrize("rate", [1e3, 1e6, 1e9, 1e12])
def test_an_ideal_fleet_makes_the_site_flat_and_never_overshoots(tmp_path, rate):
    # late in a long run the clock resolves less than such a ramp takes
    write_csv(tmp_path / "ai.csv", ("time_s", "power_mw"), [(0.0, 150.0), (3e6 + 0.3, 100.0), (3e6 + 9.7, 20.0)])
    fleet = fleet_entry("f", replace(SIXTY, rated_mw=Fraction(180))) | {
        "ramp_up_mw_per_s": rate,
        "ramp_down_mw_per_s": rate,
    }
    loads = [{"name": "ai", "type": "replay", "file": "ai.csv"}]

    metrics = run(a_scenario(tmp_path, loads=loads, fleets=[fleet], days=40.0)).metrics

    assert metrics["site_peak_mw"] == pytest.approx(200.0, abs=1e-9)
    assert metrics["exceedance_count"] == 0.0
    assert metrics["soaked_fraction"] == pytest.approx(1.0, abs=1e-7)


# -- random cases -------------------------------------------------------------------------------------------

QUARTERS = st.integers(1, 600).map(lambda quarters: Fraction(quarters, 4))
MEGAWATTS = st.integers(0, 260).map(Fraction)


@st.composite
def load_steps(draw, times):
    chosen = sorted(draw(st.sets(st.sampled_from(times), max_size=8)))
    return tuple((time_s, draw(MEGAWATTS)) for time_s in [Fraction(0), *chosen])


@st.composite
def fleets(draw):
    rated, idle = draw(st.integers(1, 150)), draw(st.sampled_from([0, 0, 0.125, 0.5]))
    minimum = Fraction(rated) * Fraction(idle)
    return Fleet(
        Fraction(rated),
        minimum,
        Fraction(draw(st.sampled_from([0.125, 0.5, 1, 3, 25, 1000]))),
        Fraction(draw(st.sampled_from([0.125, 0.5, 5, 7, 40]))),
        Fraction(draw(st.sampled_from([0, 0, 0.25, 4, 30, 100]))),
        Fraction(draw(st.integers(10, 40))),
        draw(st.sampled_from([None, None, minimum, Fraction(rated), (minimum + rated) / 2])),
    )


@st.composite
def cases(draw):
    # loads share a grid of times, so that several change at one instant, some together with a price
    gaps = draw(st.lists(st.one_of(QUARTERS, st.just(Fraction(90)), st.just(Fraction(1, 4))), min_size=1, max_size=14))
    times = [sum(gaps[: i + 1], Fraction(0)) for i in range(len(gaps))]
    return Case(
        tuple(draw(st.lists(load_steps(times), min_size=1, max_size=3))),
        tuple(draw(st.lists(fleets(), min_size=1, max_size=2))),
        tuple(Fraction(draw(st.integers(-50, 300))) for _ in range(15)),
        Fraction(draw(st.sampled_from([0, 0, 4]))),
        Fraction(draw(st.sampled_from([0, 0, 2, 12.5, 90]))),
        Fraction(draw(st.sampled_from([0, 0, 1, 4, 60]))),
        Fraction(draw(st.sampled_from([0, 0, 45, 90]))),
    )


@examples(120)
@given(cases())
@example(
    Case(
        (steps((0, 150), (100, 70), (130, 160), (131, 70)),),
        (replace(SIXTY, latency_s=Fraction(100)),),
        PRICES,
    )
)
def test_random_cases_agree_with_the_reference(case):
    assert_agrees(case)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # two minutes on a quiet machine
@examples(3000)
@given(cases())
def test_many_random_cases_agree_with_the_reference(case):
    assert_agrees(case)
