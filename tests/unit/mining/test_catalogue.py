import csv
from pathlib import Path
from typing import get_args

import pytest

from sim.mining.catalogue import MODELS, Cooling, Form, machine

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "asic_models.csv"
ROWS = Path(__file__).parents[3] / "sim" / "mining" / "asic_models.csv"
ALL = pytest.mark.parametrize("key", list(MODELS))


def test_a_machine_is_found_by_its_key():
    s21 = machine("antminer-s21")

    assert (s21.model, s21.th_s, s21.power_w, s21.j_per_th) == ("Antminer S21", 200.0, 3500.0, 17.5)
    assert (s21.cooling, s21.form, s21.verified) == ("air", "shoebox", True)
    assert s21.release is s21.reference_v is s21.vf_slope is s21.price_usd_per_th is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("antminer-s12", "no machine 'antminer-s12'; did you mean .*'antminer-s21'"),
        ("Antminer S21+", r"no machine 'Antminer S21\+'; did you mean 'antminer-s21-plus'"),
        ("s" * 10_000, "no machine 's{60}'; known are"),
        ("abacus", "no machine 'abacus'; known are antminer-s19j-pro, antminer-s19k-pro"),
    ],
)
def test_an_unknown_key_is_answered_with_those_that_are_near(key, said):
    with pytest.raises(ValueError, match=said):
        machine(key)


def test_no_key_and_no_model_stands_twice():
    with ROWS.open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert len({row["key"] for row in rows}) == len({row["model"] for row in rows}) == len(rows) == len(MODELS)


@ALL
def test_a_key_is_a_name_that_a_scenario_may_hold(key):
    assert MODELS[key].key == key
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@ALL
def test_efficiency_is_power_over_hash_rate(key):
    it = MODELS[key]

    assert it.j_per_th == pytest.approx(it.power_w / it.th_s, rel=0.01)


@ALL
def test_every_figure_is_one_that_a_miner_can_have(key):
    it = MODELS[key]

    assert 100.0 <= it.th_s <= 1200.0
    assert 2500.0 <= it.power_w <= 12_000.0
    assert 8.0 <= it.j_per_th <= 30.0
    assert it.cooling in get_args(Cooling)
    assert it.form is None or it.form in get_args(Form)
    assert it.reference_mhz is None or 300.0 <= it.reference_mhz <= 700.0
    assert it.vf_slope is None or 0.10 <= it.vf_slope <= 0.25
    assert it.price_usd_per_th is None or 1.0 <= it.price_usd_per_th <= 20.0
    assert it.source


@ALL
def test_what_a_source_rounds_or_does_not_quote_is_not_called_verified(key):
    it = MODELS[key]

    assert it.verified == ("quotes" in it.source and "computed" not in it.source)


def test_the_voltage_slope_is_that_of_the_profiles():
    it = machine("antminer-s19j-pro")

    assert it.vf_slope == pytest.approx((0.1 / 25.0) * it.reference_mhz / it.reference_v, abs=5e-4)


@pytest.mark.skipif(not DATA.is_file(), reason="needs asic_models.csv in ../shared/data")
def test_an_independent_list_says_the_same_within_five_percent():
    with DATA.open(newline="") as file:
        listed = {row["model"]: row for row in csv.DictReader(file)}
    common = [(it, listed[it.model]) for it in MODELS.values() if it.model in listed]

    assert len(common) == 13
    for it, row in common:
        theirs = [float(row[column]) for column in ("hashrate_th_s", "power_w", "j_per_th")]
        assert [it.th_s, it.power_w, it.j_per_th] == pytest.approx(theirs, rel=0.05), it.model
        assert it.cooling == row["cooling"]
