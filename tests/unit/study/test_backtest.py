"""A scenario against the bills of its site."""

import json

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.study.backtest import backtest, read_bill

SCENARIO = """schema_version: 1
name: site
start: "2024-01-30T00:00:00Z"
days: 4
interconnection: {limit_mw: 30}
loads:
  - {name: ai, type: replay, file: ai.csv}
fleets:
  - {name: m, type: aggregate, rated_mw: 10, efficiency_j_per_th: 20,
     ramp_up_mw_per_s: 1, ramp_down_mw_per_s: 1}
policy: {type: always-on}
market:
  power: {type: fixed, price_usd_per_mwh: 50}
  bitcoin: {type: fixed, hashprice_usd_per_ph_day: 60}
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site.yaml").write_text(SCENARIO)
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,20\n")
    return tmp_path


def bill(folder, text):
    (folder / "bill.csv").write_text(text)
    return folder / "bill.csv"


def test_each_month_of_the_bill_stands_beside_the_model(site):
    text = "month,site_energy_mwh,power_cost_usd\n2024-01,1500,72000\n2024-03,1,1\n2024-02,1440,\n"
    rows = backtest(site / "site.yaml", bill(site, text), ["mining-off"])
    assert [(row.month, row.days, row.quantity, row.actual) for row in rows] == [
        ("2024-01", 2.0, "site_energy_mwh", 1500.0),
        ("2024-01", 2.0, "power_cost_usd", 72_000.0),
        ("2024-02", 2.0, "site_energy_mwh", 1440.0),
        ("2024-01", 2.0, "margin_usd more with mining-off", None),
        ("2024-02", 2.0, "margin_usd more with mining-off", None),
    ]
    assert [row.model for row in rows[:3]] == pytest.approx([1440.0, 72_000.0, 1440.0])
    assert [row.error_fraction for row in rows[:3]] == pytest.approx([-0.04, 0.0, 0.0])
    # 10 MW make 500 PH/s: 30,000 USD a day, for 12,000 of power
    assert rows[4].model == pytest.approx(-2 * 18_000.0, rel=0.03)


def test_what_a_policy_earns_more_is_less_what_operations_cost(site):
    path, days = bill(site, "month,mined_btc\n2024-01,0\n"), 2.0
    more = ["costs.mining_opex_usd_per_mwh=10"]
    [zero, free] = backtest(site / "site.yaml", path, ["mining-off"])
    [_, priced] = backtest(site / "site.yaml", path, ["mining-off"], more)
    assert (zero.actual, zero.error_fraction) == (0.0, None)
    assert priced.model - free.model == pytest.approx(10.0 * 24.0 * days * 10.0, rel=1e-3)  # 10 MW not mined


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,mined_btc\n2024-01,1\n", "month"),
        ("month,site_energy\n2024-01,1\n", "site_energy_mwh"),
        ("month,mined_btc\nJanuary,1\n", "must be a year and month"),
        ("month,mined_btc\n2024-01,1\n2024-01-15,2\n", "must stand in one row"),
        ("month,mined_btc\n2023-01,1\n", "shares no month"),
        ("month,mined_btc\n2024-01,much\n", "must be a finite number .BTC.; got 'much'$"),
        (
            "month,site_energy_mwh\n,kWh\n2024-01,32500000\n",
            "must be in MWh, as its name says; below it stands",
        ),
        ("month,power_cost_usd\n,k€\n2024-01,32\n", "must be a year and month"),
        ("month;site_energy_mwh\n2024-01;32.500\n", "may have decimals, or a mark between thousands$"),
        ("month,mined_btc\n2024-01,\n2024-02,\n", "holds no number beside its months"),
    ],
)
def test_a_bill_that_will_not_do_is_refused_with_its_cause(site, text, said):
    with pytest.raises(InputError, match=said):
        backtest(site / "site.yaml", bill(site, text))


def test_a_line_of_the_same_units_is_fine(site):
    path = bill(site, "month,site_energy_mwh,power_cost_usd\n,MWh,USD\n2024-01,1500,72000\n")
    assert read_bill(path)["2024-01", "power_cost_usd"] == 72_000.0


def test_a_month_that_the_run_covers_in_part_is_warned_of(site, capsys):
    path = bill(site, "month,site_energy_mwh\n2024-01,1500\n")
    command = ["backtest", str(site / "site.yaml"), "--actual", str(path)]
    for more, warned in (([], True), (["--set", "start=2024-01-01T00:00:00Z", "--set", "days=31"], False)):
        with pytest.raises(SystemExit):
            main([*command, *more])
        assert ("2024-01: the run covers 2 of 31 days, the bill all of them" in capsys.readouterr().err) == warned


def test_days_may_stand_for_their_month(site):
    assert read_bill(bill(site, "month;mined_btc\n2024-01-01;1,5\n")) == {("2024-01", "mined_btc"): 1.5}


def test_the_command_prints_a_table_or_json(site, capsys):
    path = bill(site, "month,site_energy_mwh\n2024-01,1500\n")
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    "backtest",
                    str(site / "site.yaml"),
                    "--actual",
                    str(path),
                    "--policies",
                    "mining-off",
                    *more,
                ]
            )
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        assert "site_energy_mwh" in printed
    assert json.loads(printed)["rows"][0]["model"] == pytest.approx(1440.0)
