"""Each line of the energy bill is a quantity times a price."""

import pytest

from sim.metrics import measure
from sim.metrics.power_cost import cost_lines
from sim.signals import Signal

PRICE = Signal.steps([0.0, 1800.0], [20.0, 100.0], 3600.0)
RAMP = [(0.0, 0.0), (3600.0, 80.0)]  # the miners; 40 MW at half time


def site(record, *, settlement="resale", contract_mw=60.0, delivery=None, generation=None, **constants):
    """Return a site of 20 MW of AI and a ramp of miners from 0 to 80 MW in an hour: 20 to 100 MW."""
    if delivery is not None:
        constants["supply.delivery_usd_per_mwh"] = delivery
    if generation is not None:
        constants = {"generation.cost_usd_per_mwh": 0.0, "generation.export_limit_mw": 0.0} | constants
    if contract_mw is not None:
        constants["supply.resale"] = float(settlement == "resale")
        constants["supply.as_consumed"] = float(settlement == "as-consumed")
    recording = record({"a": 20.0}, {"m": RAMP}, price=PRICE, constants=constants)
    signals = recording.signals
    if contract_mw is not None:
        signals["contract_mw"] = Signal.constant(contract_mw, 3600.0)
        signals["contract_price_usd_per_mwh"] = Signal.constant(32.0, 3600.0)
    if generation is not None:
        signals["generation_mw"] = Signal.constant(generation, 3600.0)
    return recording


def lines(recording):
    return {line.name: (line.energy_mwh, line.cost_usd) for line in cost_lines(recording)}


def test_a_resold_block_is_paid_for_and_what_is_left_is_sold(record):
    # below the block for the first half hour: 60 MW less 20 to 60 MW; above it in the second
    assert lines(site(record)) == {
        "contract": pytest.approx((60.0, 60.0 * 32.0)),
        "resale": pytest.approx((10.0, -200.0)),
        "real time": pytest.approx((10.0, 1000.0)),
    }


def test_what_must_be_taken_or_paid_is_lost_where_it_is_not_drawn(record):
    assert lines(site(record, settlement="take-or-pay")) == {
        "contract": pytest.approx((60.0, 1920.0)),
        "real time": pytest.approx((10.0, 1000.0)),
    }


def test_as_consumed_only_what_is_drawn_is_paid_for(record):
    assert lines(site(record, settlement="as-consumed")) == {
        "contract": pytest.approx((50.0, 1600.0)),
        "real time": pytest.approx((10.0, 1000.0)),
    }


def test_delivery_is_paid_for_all_that_comes_from_the_grid(record):
    found = lines(site(record, contract_mw=None, delivery=4.0, generation=40.0))
    # 40 MW of own power: import from minute 15 on, 0 to 60 MW over 45 minutes; 22.5 MWh
    assert found["delivery"] == pytest.approx((22.5, 90.0))
    assert found["real time"] == pytest.approx((22.5, 2.5 * 20.0 + 20.0 * 100.0))
    assert found["generation"] == pytest.approx((37.5, 0.0))


def test_with_resale_the_miners_cost_the_real_time_price_and_with_take_or_pay_less(record):
    plain = measure(site(record, contract_mw=None))["fleet_power_cost_usd"]
    assert plain == pytest.approx(10.0 * 20.0 + 30.0 * 100.0)
    assert measure(site(record))["fleet_power_cost_usd"] == pytest.approx(plain, rel=1e-12)
    taken = measure(site(record, settlement="take-or-pay"))["fleet_power_cost_usd"]
    assert taken == pytest.approx(1000.0)  # 40 MW of the block are free to them


def test_total_is_the_sum_of_lines_and_the_lines_sum_to_the_energy_drawn(record):
    recording = site(record, delivery=5.0)
    metrics = measure(recording)

    assert metrics["power_cost_usd"] == pytest.approx(1920.0 - 200.0 + 1000.0 + 60.0 * 5.0)
    drawn_mwh = metrics["contract_energy_mwh"] - metrics["resale_energy_mwh"] + metrics["real_time_energy_mwh"]
    assert drawn_mwh == pytest.approx(metrics["site_energy_mwh"], rel=1e-12)
    assert metrics["power_cost_usd"].baseline == pytest.approx(1920.0 - 40.0 * 60.0 + 20.0 * 5.0)
    assert metrics["resale_revenue_usd"] == pytest.approx(200.0)
    assert metrics["delivery_cost_usd"] == pytest.approx(300.0)


def test_own_energy_is_used_sold_or_curtailed(record):
    constants = {"generation.export_limit_mw": 10.0, "generation.cost_usd_per_mwh": 15.0}
    metrics = measure(site(record, contract_mw=None, generation=60.0, **constants))

    # surplus falls from 40 to 0 MW in the first half hour, in which power costs 20 USD/MWh
    assert metrics["generation_mwh"] == 60.0
    assert metrics["import_mwh"] == pytest.approx(10.0)
    assert metrics["export_mwh"] == pytest.approx(10.0 * 0.375 + 10.0 * 0.125 / 2.0)
    assert metrics["curtailed_generation_mwh"] == pytest.approx(10.0 - metrics["export_mwh"])
    assert metrics["own_generation_fraction"] == pytest.approx(50.0 / 60.0)
    assert metrics["generation_used_fraction"] == pytest.approx(50.0 / 60.0)
    expected = (50.0 + metrics["export_mwh"]) * 15.0 - metrics["export_mwh"] * 20.0 + 10.0 * 100.0
    assert metrics["power_cost_usd"] == pytest.approx(expected)


def test_nothing_is_sold_below_its_cost(record):
    constants = {"generation.export_limit_mw": 10.0, "generation.cost_usd_per_mwh": 20.0}
    assert measure(site(record, contract_mw=None, generation=60.0, **constants))["export_mwh"] == 0.0


def test_a_site_that_buys_at_real_time_has_no_lines_to_show(record):
    metrics = measure(record({"a": 20.0}, {"m": RAMP}, price=PRICE))
    assert not {"contract_cost_usd", "delivery_cost_usd", "import_mwh"} & metrics.keys()
