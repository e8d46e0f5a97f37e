import pytest
from quick import run

from sim.errors import InputError
from sim.testing import a_scenario


def a_run(bitcoin=None, **fields):
    market = {"bitcoin": {"type": "network", **(bitcoin or {})}}
    return run(a_scenario(market=market, **{"policy": {"type": "always-on"}, "days": 30.0, **fields}))


def blocks(result):
    return [(event.time_s, event.value) for event in result.recording.events if event.source == "pool"]


def test_pay_per_share_has_no_luck_in_it():
    revenue = {a_run(seed=seed).metrics["mining_revenue_usd"].value for seed in (1, 2, 3)}
    assert len(revenue) == 1


def test_a_network_market_records_what_makes_its_hashprice():
    result = a_run()
    names = {"difficulty", "network_hashrate_eh_s", "subsidy_btc", "fees_btc"}
    assert names <= set(result.recording.signals)
    assert result.recording.constants["stale_fraction"] == 0.003


def test_policies_meet_the_same_blocks_of_a_pool():
    pool = {"type": "pplns", "pool_share_fraction": 0.05}
    on, price = (a_run({"pool": pool}, policy={"type": kind}) for kind in ("always-on", "price-threshold"))
    off = a_run({"pool": pool}, policy={"type": "mining-off"})
    times_s = [time_s for time_s, _ in blocks(on)]
    assert len(times_s) > 100
    assert [time_s for time_s, _ in blocks(off)] == times_s
    assert [time_s for time_s, _ in blocks(price)] == times_s
    assert off.metrics["mining_revenue_usd"] == 0.0


def test_another_seed_has_other_luck_and_the_same_seed_the_same():
    pool = {"type": "solo"}
    assert blocks(a_run({"pool": pool}, seed=1)) == blocks(a_run({"pool": pool}, seed=1))
    assert blocks(a_run({"pool": pool}, seed=1)) != blocks(a_run({"pool": pool}, seed=2))


def test_policies_know_of_stale_work_and_the_pools_fee():
    # power at 100.5 USD/MWh: mining pays before fee and stale work, and not after
    plain = {"type": "fpps", "fee_fraction": 0.0, "stale_fraction": 0.0}
    fields = {"policy": {"type": "price-threshold"}, "days": 1.0}
    breakeven = a_run({"pool": plain}, days=1.0).metrics["mining_revenue_usd_per_mwh"]
    for pool, runs in [(plain, True), (plain | {"stale_fraction": 0.02}, False)]:
        market = {
            "power": {"type": "fixed", "price_usd_per_mwh": 0.99 * breakeven},
            "bitcoin": {"type": "network", "pool": pool},
        }
        energy_mwh = run(a_scenario(market=market, **fields)).metrics["fleet_energy_mwh"]
        assert (energy_mwh > 0.0) is runs


def test_a_fault_of_the_network_is_found_before_the_run():
    conversions = [{"at": "2026-01-05T00:00:00Z", "mw": 1e6}]
    with pytest.raises(InputError, match=r"market\.bitcoin: the network's hash rate must stay above 0 EH/s"):
        a_run({"difficulty": {"type": "growth", "conversions": conversions}})


def test_a_fleet_larger_than_its_pool_is_refused():
    pool = {"type": "pplns", "pool_hashrate_eh_s": 1.0}
    with pytest.raises(InputError, match="must hold the site's"):
        a_run({"pool": pool}, days=3.0)
