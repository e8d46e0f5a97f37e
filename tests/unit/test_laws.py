"""The laws that every run of every test keeps are broken by a recording that is not one."""

from dataclasses import replace

import laws
import pytest
from quick import run

from sim.signals import Signal
from sim.testing import a_scenario


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("law")
    return run(a_scenario(folder, days=0.02)).recording


@pytest.mark.parametrize("name", ["site_power_mw", "ai_power_mw", "fleet_power_mw"])
def test_power_that_does_not_add_up_is_noticed(recording, name):
    laws.check(recording)
    moved = replace(recording[name], value=recording[name].value + 1e-6)
    with pytest.raises(AssertionError, match="do not add up"):
        laws.check(replace(recording, signals=recording.signals | {name: moved}))


def test_a_price_that_nobody_paid_is_noticed(recording, monkeypatch):
    other = Signal.constant(1e-3, recording.end_s)
    price = recording["price_usd_per_mwh"]
    lines = laws.ledger(recording)
    monkeypatch.setattr(laws, "ledger", lambda _: lines)
    shifted = replace(price, value=price.value + other.value[0])
    with pytest.raises(AssertionError):
        laws.check(replace(recording, signals=recording.signals | {"price_usd_per_mwh": shifted}))
