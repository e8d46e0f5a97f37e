"""How the site buys its power, and what a MWh is worth at the margin."""

from datetime import UTC, datetime
from math import inf

import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.market import MarketSpec
from sim.market.bill import PriceStep, Tariff, exported_mw, price_at_usd_per_mwh, price_steps
from sim.market.power import FixedDayAheadPrice
from sim.market.supply import PowerPurchaseAgreement
from sim.span import Span
from sim.tables import Files
from sim.testing import a_scenario


def utc_s(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_prices_of_tomorrow_are_known_from_half_past_one_in_the_afternoon():
    start_utc_s = utc_s("2024-03-09T06:00")  # midnight in Chicago, a day before the clocks change

    known = FixedDayAheadPrice().known_until_s(Span(Files(()), start_utc_s, 2 * 86_400.0))

    hours = [time_s / 3600.0 for time_s in known.time_s]
    assert hours == [0.0, 13.5, 36.5]  # on the short day 13:30 comes an hour earlier
    assert [value / 3600.0 for value in known.value] == [24.0, 47.0, 71.0]


def test_a_run_that_starts_after_publication_knows_tomorrow():
    known = FixedDayAheadPrice().known_until_s(Span(Files(()), utc_s("2024-06-01T20:00"), 3600.0))

    assert known.value.tolist() == [33.0 * 3600.0]  # to midnight of 3 June, 05:00Z


def steps_of(real_time, wires, block=(0.0, 0.0, "resale"), plant=(0.0, 0.0, 0.0)):
    exported = exported_mw(real_time, plant[1], plant[2])
    return price_steps(Tariff(real_time, wires, *block, *plant[:2], exported))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (steps_of(45.0, 0.0), [(inf, 45.0)]),
        (steps_of(45.0, 3.0, (50.0, 32.0, "resale")), [(inf, 48.0)]),
        (steps_of(45.0, 3.0, (50.0, 32.0, "take-or-pay")), [(50.0, 3.0), (inf, 48.0)]),
        (steps_of(45.0, 3.0, (50.0, 32.0, "as-consumed")), [(50.0, 35.0), (inf, 48.0)]),
        (steps_of(45.0, 3.0, plant=(80.0, 5.0, 0.0)), [(80.0, 5.0), (inf, 48.0)]),
        (steps_of(45.0, 3.0, plant=(80.0, 5.0, 30.0)), [(50.0, 5.0), (80.0, 45.0), (inf, 48.0)]),
        (steps_of(45.0, 3.0, plant=(80.0, 5.0, 90.0)), [(80.0, 45.0), (inf, 48.0)]),
        (steps_of(4.0, 3.0, plant=(80.0, 5.0, 30.0)), [(80.0, 5.0), (inf, 7.0)]),
        (
            steps_of(45.0, 0.0, (20.0, 32.0, "take-or-pay"), (80.0, 5.0, 0.0)),
            [(80.0, 5.0), (100.0, 0.0), (inf, 45.0)],
        ),
        (steps_of(-9.0, 0.0, (50.0, 32.0, "take-or-pay")), [(50.0, 0.0), (inf, -9.0)]),
    ],
)
def test_what_a_mwh_is_worth_steps_with_site_power(steps, expected):
    assert steps == tuple(PriceStep(*step) for step in expected)


def test_at_an_edge_the_next_mwh_counts():
    steps = steps_of(45.0, 0.0, (50.0, 32.0, "take-or-pay"))
    assert [price_at_usd_per_mwh(steps, power_mw) for power_mw in (0.0, 49.9, 50.0, 99.0)] == [0, 0, 45, 45]


def test_a_day_ahead_supply_needs_a_day_ahead_price():
    supply = {"type": "day-ahead", "mw": 50.0}
    with pytest.raises(ValidationError, match="needs a day-ahead price: state day_ahead"):
        MarketSpec.model_validate({"supply": supply})
    assert MarketSpec.model_validate({"supply": supply, "day_ahead": {"type": "fixed"}})


def test_the_default_agreement_is_resold_at_32_usd_per_mwh():
    agreement = PowerPurchaseAgreement(mw=1.0)
    assert (agreement.price_usd_per_mwh, agreement.settlement) == (32.0, "resale")


def test_a_site_without_a_connection_needs_its_own_generation():
    with pytest.raises(InputError, match=r"limit_mw is 0 MW; must be above 0 MW, unless the site has market"):
        a_scenario(limit_mw=0.0)
    assert a_scenario(limit_mw=0.0, market={"generation": {"type": "constant", "mw": 50.0}})
