"""What a plan makes of a demand charge, and of hours that may be coincident peaks."""

import numpy as np
import pytest

from sim.market.demand_charge import DemandTerms
from sim.policies import FleetView, Forecast, Mpc, MpcCvar
from sim.policies.outlook import look_ahead
from sim.policies.planning import coincident_usd_per_mwh, demand_peak, has_peak_costs

HOUR_S = 3600.0
ONE = (FleetView("miners", 0.0, 60.0, 17.5, 60.0),)
WEEK = DemandTerms(usd_per_mw=1400.0, floor_mw=0.0, until_s=168.0 * HOUR_S)
SUMMER = {"local_month_count": 7.0, "system_peak_mw": 100.0, "coincident_peak_usd_per_mw": 16_250.0}


def loads(*values_mw, start_s=0.0):
    return Forecast(start_s, start_s, HOUR_S, tuple(values_mw))


def a_policy(kind=Mpc, **fields):
    return kind.model_validate({"type": kind.model_fields["type"].annotation.__args__[0], **fields}).start()


@pytest.fixture
def charged(observed):
    """Return what a policy sees of a site with a demand charge; the limit is 200 MW."""

    def see(time_s=0.0, price=20.0, ai_mw=120.0, peak_mw=0.0, **keys):
        plain = {"fleets": ONE, "billing_peak_mw": peak_mw, "demand_terms": WEEK}
        return observed(time_s, price, ai_mw=ai_mw, **(plain | keys))

    return see


def test_a_plan_bears_its_share_of_the_time_left(charged):
    seen = charged(peak_mw=150.0)
    (peak,) = demand_peak(seen, look_ahead(seen, 900.0, 24), 0.0)
    assert peak.usd_per_mw == pytest.approx(1400.0 * 6.0 / 168.0)
    assert peak.floor_mw == 150.0
    assert peak.other_mw.tolist() == [120.0] * 24
    late = charged(time_s=165.0 * HOUR_S)
    assert demand_peak(late, look_ahead(late, 900.0, 24), 0.0)[0].usd_per_mw == 1400.0


def test_what_the_ratchet_bills_is_free(charged):
    seen = charged(peak_mw=150.0, demand_terms=WEEK._replace(floor_mw=170.0))
    assert demand_peak(seen, look_ahead(seen, 900.0, 24), 0.0)[0].floor_mw == 170.0


@pytest.mark.parametrize("kind", [Mpc, MpcCvar])
@pytest.mark.parametrize("start_usd_per_mw", [0.0, 1.7])
def test_it_raises_the_peak_only_where_the_horizon_pays_its_share(charged, kind, start_usd_per_mw):
    def target_mw(price, **fields):
        policy = a_policy(kind, start_usd_per_mw=start_usd_per_mw, **fields)
        return policy.decide(charged(price=price, peak_mw=150.0)).target_mw

    # a MW more costs 50 USD in six hours: 8.33 USD/MWh, and the start
    assert target_mw(51.0) == pytest.approx(60.0)
    assert target_mw(52.0) == pytest.approx(30.0)  # up to the peak that is billed anyway
    assert target_mw(52.0, counts_peaks=False) == pytest.approx(60.0)


def test_between_two_plans_it_makes_way_for_ai_below_the_peak_that_it_planned(charged):
    policy = a_policy()
    assert policy.decide(charged(0.0, 52.0, peak_mw=150.0)).target_mw == pytest.approx(30.0)
    assert policy.decide(charged(60.0, 52.0, ai_mw=135.0, peak_mw=150.0)).target_mw == pytest.approx(15.0)
    assert policy.decide(charged(70.0, 52.0, ai_mw=160.0, peak_mw=150.0))[:2] == (0.0, "planned stop")


def test_only_hours_near_the_highest_of_day_and_month_may_be_the_peak(observed):
    seen = observed(0.0, 20.0, system_load_forecast=loads(90.0, 99.0, 97.0, 96.0), **SUMMER)
    edges_s = HOUR_S * np.array([0.0, 1.0, 1.5, 2.0, 3.0, 5.0])
    # 2 % of 16,250 USD for a MW over an hour
    assert coincident_usd_per_mwh(seen, edges_s, 0.02).tolist() == [0.0, 325.0, 325.0, 325.0, 0.0]
    higher = seen._replace(system_peak_mw=103.0)
    assert not coincident_usd_per_mwh(higher, edges_s, 0.02).any()


def test_hours_beyond_the_day_cost_nothing_and_half_an_hour_half(observed):
    seen = observed(0.0, 20.0, system_load_forecast=loads(90.0, 100.0), **SUMMER)
    edges_s = HOUR_S * np.array([0.0, 0.5, 1.5, 2.0, 4.0])
    assert coincident_usd_per_mwh(seen, edges_s, 0.02).tolist() == [0.0, 162.5, 325.0, 0.0]


@pytest.mark.parametrize(
    "keys",
    [
        {"local_month_count": 5.0},
        {"local_month_count": None},
        {"system_load_forecast": None},
        {"coincident_peak_usd_per_mw": None},
    ],
)
def test_without_summer_forecast_or_charge_no_hour_costs_more(observed, keys):
    seen = observed(0.0, 20.0, **{"system_load_forecast": loads(100.0, 100.0), **SUMMER, **keys})
    assert not coincident_usd_per_mwh(seen, np.array([0.0, 900.0, 1800.0]), 0.02).any()


def test_it_stops_in_an_hour_that_may_be_the_peak_and_not_for_a_small_chance(observed):
    seen = observed(0.0, 20.0, fleets=ONE, system_load_forecast=loads(99.0, 90.0), **SUMMER)
    assert a_policy().decide(seen)[:2] == (0.0, "planned stop")
    assert a_policy(peak_chance_fraction=0.002).decide(seen).target_mw == pytest.approx(60.0)


def test_there_is_something_to_count_only_where_the_market_charges(observed):
    assert not has_peak_costs(observed(0.0, 20.0))
    assert not has_peak_costs(observed(0.0, 20.0, coincident_peak_usd_per_mw=16_250.0))
    assert has_peak_costs(observed(0.0, 20.0, demand_terms=WEEK))
    assert has_peak_costs(observed(0.0, 20.0, system_load_forecast=loads(1.0), **SUMMER))
