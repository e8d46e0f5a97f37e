import numpy as np
import pytest
from pydantic import TypeAdapter

from sim.bitcoin import hashprice_usd_per_ph_day
from sim.market.network import NetworkBitcoin
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START_UTC_S = 1_767_225_600.0  # 2026-01-01T00:00Z


def market(**fields) -> NetworkBitcoin:
    return TypeAdapter(NetworkBitcoin).validate_python({"type": "network", **fields}, strict=False)


def signals(spec, days, files=None):
    return spec.signals(Span(files or Files(()), START_UTC_S, days * DAY_S, seed=1))


def published(spec, days, files=None):
    span = Span(files or Files(()), START_UTC_S, days * DAY_S, seed=1)
    return spec.published(span, spec.signals(span))


def test_hashprice_is_the_formula_of_what_is_recorded_at_every_moment():
    got = signals(market(price={"type": "process"}, start_height=1_050_000 - 5000), 100.0)

    for time_s in np.linspace(0.0, 99.0 * DAY_S, 37):
        parts = {name: float(signal.at(time_s)) for name, signal in got.items()}
        fee_fraction = parts["fees_btc"] / (parts["subsidy_btc"] + parts["fees_btc"])
        expected = hashprice_usd_per_ph_day(
            parts["difficulty"], parts["price_usd_per_btc"], parts["subsidy_btc"], fee_fraction
        )
        assert parts["hashprice_usd_per_ph_day"] == pytest.approx(expected, rel=1e-12)
    assert set(got["subsidy_btc"].value) == {3.125, 1.5625}


def test_the_chain_is_known_at_once_and_the_price_of_a_file_a_day_later(tmp_path):
    rows = "".join(f"2026-01-{day:02d},{80_000 + 1000 * day}\n" for day in range(1, 11))
    (tmp_path / "btc.csv").write_text("date_utc,price_usd\n2025-12-31,80000\n" + rows)
    files = Files([tmp_path])
    spec = market(price={"type": "file", "file": "btc.csv"}, start_height=2016 * 460 + 2016 - 5 * 144)

    real, seen = signals(spec, 10.0, files)["hashprice_usd_per_ph_day"], published(spec, 10.0, files)

    assert seen.at(7.5 * DAY_S) / real.at(7.5 * DAY_S) == pytest.approx(87_000.0 / 88_000.0, rel=1e-12)
    jump_s = float(signals(spec, 10.0, files)["difficulty"].time_s[1])
    assert jump_s in seen.time_s


def test_a_random_price_is_published_as_it_is():
    spec = market(price={"type": "process"})
    assert published(spec, 50.0).value == pytest.approx(
        signals(spec, 50.0)["hashprice_usd_per_ph_day"].value, rel=1e-15
    )


def test_idle_miners_start_when_fees_are_high(tmp_path):
    days = np.arange(90).astype("timedelta64[D]") + np.datetime64("2026-01-01")
    rows = [f"{day},{7 if place < 20 else 700},140" for place, day in enumerate(days)]
    (tmp_path / "fees.csv").write_text("\n".join(["date_utc,fees_btc,blocks", *rows]) + "\n")
    bands = [
        {"share_fraction": 0.5, "efficiency_j_per_th": efficiency, "power_usd_per_mwh": 50.0}
        for efficiency in (15.0, 40.0)
    ]
    spec = market(
        difficulty={"type": "endogenous", "bands": bands, "annual_growth_ratio": 0.0},
        fees={"type": "file", "file": "fees.csv"},
    )

    hashrate = signals(spec, 90.0, Files([tmp_path]))["network_hashrate_eh_s"]

    assert hashrate.at(19.0 * DAY_S) == pytest.approx(hashrate.value[0], rel=1e-12)
    assert hashrate.value[-1] > 1.5 * hashrate.value[0]


def test_a_shorter_run_meets_the_same_market():
    spec = market(price={"type": "process"}, difficulty={"type": "endogenous"})
    long, short = signals(spec, 400.0), signals(spec, 100.0)
    for name, signal in short.items():
        assert signal.at(99.0 * DAY_S) == pytest.approx(long[name].at(99.0 * DAY_S), rel=1e-12), name
