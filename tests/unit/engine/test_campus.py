import pytest

from sim.bitcoin import breakeven_usd_per_mwh
from sim.engine.campus import Campus
from sim.testing import a_scenario

MINERS = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 5.0,
    "efficiency_j_per_th": 20.0,
}
HOUR_DAYS = 1.0 / 24.0


@pytest.fixture
def site(tmp_path):
    """Return a scenario of an hour with replayed loads, each a list of (time, power)."""

    def make(*loads, days=HOUR_DAYS, **fields):
        for number, rows in enumerate(loads):
            text = "".join(f"{time_s!r},{power_mw!r}\n" for time_s, power_mw in rows)
            (tmp_path / f"{number}.csv").write_text("time_s,power_mw\n" + text)
        entries = [{"name": f"l{number}", "type": "replay", "file": f"{number}.csv"} for number in range(len(loads))]
        return a_scenario(tmp_path, loads=entries, days=days, **fields)

    return make


@pytest.fixture
def prices(tmp_path):
    """Write a file of 15-minute prices from the scenario's start on, and return the market that reads it."""

    def write(*values, delay_s=0.0, hashprice=50.0):
        rows = "".join(f"2026-01-01T06:{15 * number:02d}:00Z,{price}\n" for number, price in enumerate(values))
        (tmp_path / "prices.csv").write_text("time_utc,usd_per_mwh\n" + rows)
        return {
            "power": {"type": "file", "file": "prices.csv", "publication_delay_s": delay_s},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": hashprice},
        }

    return write


def counts(recording):
    return tuple(recording.constants[f"run.{kind}_count"] for kind in ("event", "settle", "decision"))


def target(recording):
    signal = recording["fleet_target_mw"]
    return list(zip(signal.time_s.tolist(), signal.value.tolist(), strict=True))


# -- how much work a run is ----------------------------------------------------------------------------

# A load is one event to begin and one to end; what is known beforehand, rows and prices, is none.
A_LOAD = 2


def test_a_site_where_nothing_changes_settles_once(site):
    assert counts(Campus(site([(0.0, 150.0)])).run()) == (A_LOAD, 1, 1)


def test_each_step_costs_one_settle_one_decision_and_no_event(site):
    rows = [(60.0 * minute, 100.0 + minute % 2) for minute in range(60)]
    assert counts(Campus(site(rows)).run()) == (A_LOAD, 60, 60)


def test_steps_of_several_loads_at_one_instant_settle_once(site):
    rows = [(0.0, 100.0), (600.0, 50.0), (1200.0, 80.0)]
    assert counts(Campus(site(rows, rows, rows)).run()) == (3 * A_LOAD, 3, 3)


def test_a_fleet_with_latency_costs_no_event_and_no_settle(site):
    rows = [(0.0, 150.0), (600.0, 180.0), (1200.0, 190.0), (1800.0, 120.0), (2400.0, 100.0)]
    bare = Campus(site(rows, fleets=[MINERS])).run()
    slow = Campus(site(rows, fleets=[MINERS | {"latency_s": 5.0}])).run()
    # 50, 20, 10 and 60 MW are told; the last step changes nothing, for the fleet mines in full already
    assert counts(bare) == (A_LOAD, 5, 5)
    assert counts(slow) == counts(bare)


def test_a_telemetry_delay_costs_no_event_and_no_settle(site):
    rows = [(0.0, 150.0), (600.0, 180.0), (1200.0, 190.0)]
    recording = Campus(site(rows, controller={"telemetry_delay_s": 2.0})).run()
    assert counts(recording) == (A_LOAD, 3, 3)


def test_prices_that_step_with_a_load_add_no_settle(site, prices):
    rows = [(0.0, 100.0), (900.0, 50.0), (1800.0, 80.0)]
    recording = Campus(site(rows, market=prices(10.0, 20.0, 30.0, 40.0))).run()
    assert counts(recording) == (A_LOAD, 4, 4)


def test_what_happens_at_the_end_is_not_run_any_more(site):
    rows = [(0.0, 100.0), (3599.0, 50.0), (3600.0, 80.0)]
    recording = Campus(site(rows)).run()
    assert counts(recording)[1:] == (2, 2)
    assert recording["load.l0.power_mw"].time_s.tolist() == [0.0, 3599.0]


def test_a_run_ends_exactly_at_its_end(site):
    for days in (0.0123456789, 0.7, 1.0 / 3.0, 1.1):  # 200 parts of such a length do not add up to it exactly
        end_s = days * 86_400.0
        reached = Campus(site([(0.0, 1.0)], days=days)).run()
        assert reached.end_s == reached["site_power_mw"].end_s == end_s


# -- wiring --------------------------------------------------------------------------------------------


def test_every_signal_and_constant_is_there(site):
    fleets = [MINERS | {"name": "old", "efficiency_j_per_th": 30.0, "minimum_mw": 2.0}, MINERS]
    recording = Campus(site([(0.0, 150.0)], [(0.0, 20.0)], fleets=fleets)).run()

    assert set(recording.signals) == {
        "site_power_mw", "ai_power_mw", "fleet_power_mw", "fleet_target_mw", "fleet_commanded_mw", "limit_mw",
        "price_usd_per_mwh", "hashprice_usd_per_ph_day", "price_usd_per_btc", "load.l0.power_mw",
        "load.l1.power_mw", "fleet.old.power_mw", "fleet.old.commanded_mw", "fleet.miners.power_mw",
        "fleet.miners.commanded_mw",
    }  # fmt: skip
    others = ("run.", "cost.", "valuation.")
    assert {name: value for name, value in recording.constants.items() if not name.startswith(others)} == {
        "pool_fee_fraction": 0.0,
        "stale_fraction": 0.0,
        "fleet.old.rated_mw": 60.0,
        "fleet.old.minimum_mw": 2.0,
        "fleet.old.efficiency_j_per_th": 30.0,
        "fleet.miners.rated_mw": 60.0,
        "fleet.miners.minimum_mw": 0.0,
        "fleet.miners.efficiency_j_per_th": 20.0,
    }
    assert recording.start_utc_s == 1_767_247_200.0  # 2026-01-01T00:00-06:00
    assert all(signal.start_s == 0.0 and signal.end_s == 3600.0 for signal in recording.signals.values())


def test_the_efficient_fleet_mines_first_wherever_it_stands_in_the_scenario(site):
    old = MINERS | {"name": "old", "efficiency_j_per_th": 30.0}
    for fleets in ([old, MINERS], [MINERS, old]):
        recording = Campus(site([(0.0, 130.0)], fleets=fleets)).run()
        assert recording["fleet.miners.power_mw"].mean() == 60.0
        assert recording["fleet.old.power_mw"].mean() == 10.0


def test_without_fleets_the_policy_is_still_asked(site):
    recording = Campus(site([(0.0, 130.0), (60.0, 150.0)], fleets=[])).run()
    assert target(recording) == [(0.0, 70.0), (60.0, 50.0)]
    assert recording["fleet_power_mw"].maximum() == 0.0


def test_a_price_steers_from_its_publication_but_costs_from_its_start(site, prices):
    # with 20 J/TH at 50 USD/(PH/s)/d mining breaks even at 104.17 USD/MWh
    market = prices(50.0, 150.0, 50.0, 60.0, delay_s=120.0)
    recording = Campus(site([(0.0, 100.0)], fleets=[MINERS], policy={"type": "price-threshold"}, market=market)).run()
    assert target(recording) == [(0.0, 60.0), (1020.0, 0.0), (1920.0, 60.0)]
    assert recording["price_usd_per_mwh"].time_s.tolist() == [0.0, 900.0, 1800.0, 2700.0]
    assert counts(recording)[2] == 4


def test_each_fleet_breaks_even_at_its_own_price(site, prices):
    old = MINERS | {"name": "old", "efficiency_j_per_th": 30.0}
    assert breakeven_usd_per_mwh(50.0, 20.0, 0.1) == pytest.approx(93.75)
    assert breakeven_usd_per_mwh(50.0, 30.0, 0.1) == pytest.approx(62.5)
    market = prices(62.0, 63.0, 93.0, 94.0)
    market["bitcoin"]["pool_fee_fraction"] = 0.1
    scenario = site([(0.0, 0.0)], fleets=[MINERS, old], policy={"type": "price-threshold"}, market=market)
    assert target(Campus(scenario).run()) == [(0.0, 120.0), (900.0, 60.0), (2700.0, 0.0)]


def test_a_hashprice_steers_from_its_publication_on(site, tmp_path):
    # 16.8 USD/(PH/s)/d is 35 USD/MWh at 20 J/TH, 24 is 50; power costs 40
    (tmp_path / "btc.csv").write_text(
        "date_utc,hashprice_usd_ph_day,price_usd\n2026-01-01,16.8,80000\n2026-01-02,24,80000\n2026-01-03,16.8,80000\n"
    )
    market = {
        "power": {"type": "fixed", "price_usd_per_mwh": 40.0},
        "bitcoin": {"type": "file", "file": "btc.csv", "publication_delay_s": 3600.0},
    }
    scenario = site([(0.0, 0.0)], days=2.5, fleets=[MINERS], policy={"type": "price-threshold"}, market=market)
    # the run starts at 06:00 UTC: midnight is at 64,800 s, publication an hour later
    assert target(Campus(scenario).run()) == [(0.0, 0.0), (68_400.0, 60.0), (154_800.0, 0.0)]


def test_an_inference_load_reaches_the_controller_through_the_deadband(tmp_path):
    load = {
        "name": "chat", "type": "inference", "power_mw": 100.0, "pue": 1.0, "profile": "flat",
        "noise_sigma": 0.2, "update_interval_s": 60.0,
    }  # fmt: skip
    recording = Campus(a_scenario(tmp_path, loads=[load], days=HOUR_DAYS)).run()
    ai, goal = recording["ai_power_mw"], recording["fleet_target_mw"]
    # headroom as decided is never further than a deadband from headroom as it is
    miss = (ai + goal - 200.0).clip_time(0.0, 3599.0)
    assert max(miss.maximum(), -miss.minimum()) == pytest.approx(0.5, abs=1e-9)


# -- progress ------------------------------------------------------------------------------------------


def test_progress_is_told_and_changes_nothing(site):
    rows = [(0.0, 150.0), (601.5, 180.0), (1200.25, 120.0)]
    shares = []
    watched, alone = Campus(site(rows)).run(shares.append), Campus(site(rows)).run()

    assert shares == [step / 200 for step in range(1, 201)]
    assert counts(watched) == counts(alone)
    assert watched["site_power_mw"].value.tolist() == alone["site_power_mw"].value.tolist()


def test_loads_that_swap_at_a_time_with_decimals_swap_at_one_instant(site):
    one, two = [(0.0, 50.0), (28.9, 60.0), (104.3, 10.0)], [(0.0, 10.0), (104.3, 60.0)]
    recording = Campus(site(one, two, fleets=[])).run()
    assert recording["site_power_mw"].maximum() == 70.0
    assert counts(recording)[2] == 2  # the swap is no news


def test_a_power_that_hardly_moves_is_no_fault_of_arithmetic(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,power_mw\n0,0\n60,2.2e-313\n")
    load = {"name": "a", "type": "replay", "file": "a.csv", "interpolation": "linear"}
    recording = Campus(a_scenario(tmp_path, loads=[load], days=0.001)).run()
    assert 0.0 <= recording["ai_power_mw"].maximum() < 1e-300
