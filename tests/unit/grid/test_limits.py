import pytest
from pydantic import ValidationError
from quick import run

from sim.errors import InputError
from sim.grid.limits import PowerLimit, published_limits
from sim.testing import a_scenario


def a_limit(**fields):
    return PowerLimit.model_validate({"name": "own", "kind": "range", "window_s": 5.0, "limit_mw": 10.0} | fields)


def test_the_shipped_table_has_a_source_and_a_status_for_each_limit():
    limits = published_limits()
    assert len({limit.name for limit in limits}) == len(limits) >= 12
    assert all(limit.region and limit.source != "the scenario" and limit.status != "own" for limit in limits)


@pytest.mark.parametrize(
    ("name", "window_s", "limit"),
    [
        ("ercot-5s", 5.0, 10.0),
        ("ieso-15s", 15.0, 5.0),
        ("ieso-ramp", 60.0, 20.0),
        ("caiso-10min", 600.0, 20.0),
    ],
)
def test_the_limits_of_the_large_operators_are_as_published(name, window_s, limit):
    rule = {rule.name: rule for rule in published_limits()}[name]
    assert (rule.span_s, rule.value(1000.0)) == (window_s, limit)


def test_of_a_share_and_an_amount_the_lower_counts():
    rule = a_limit(kind="net-ramp", limit_mw=None, limit_mw_per_min=20.0, limit_fraction=0.05)
    assert (rule.value(100.0), rule.value(1000.0)) == (5.0, 20.0)


def test_a_slope_is_looked_for_within_the_time_it_allows_for_its_change():
    rule = a_limit(kind="slope", window_s=None, limit_mw=None, limit_mw_per_min=30.0, change_mw=50.0)
    assert rule.span_s == 100.0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"window_s": None}, "needs window_s"),
        ({"kind": "voltage-step", "window_s": None, "limit_mw": None}, "needs limit_pu"),
        ({"limit_pu": 0.03}, "has no limit_pu"),
        ({"limit_mw": None}, "needs limit_mw"),
        ({"change_mw": 5.0}, "has no change_mw"),
        ({"direction": "up"}, "has no direction"),
        ({"kind": "net-ramp", "limit_mw": 3.0, "limit_mw_per_min": 3.0}, "has no limit_mw"),
        ({"low_hz": 0.1}, "low_hz and high_hz"),
        ({"low_hz": 5.0, "high_hz": 1.0}, "low_hz is 5 Hz; must be below high_hz, 1 Hz"),
        (
            {
                "kind": "net-ramp",
                "limit_mw": None,
                "limit_mw_per_min": 1.0,
                "quantile_fraction": 0.5,
                "direction": "up",
            },
            "both directions",
        ),
    ],
)
def test_a_limit_must_have_the_fields_of_its_kind_and_no_others(fields, said):
    with pytest.raises(ValidationError, match=said):
        a_limit(**fields)


def test_a_scenario_may_have_limits_of_its_own_with_names_of_their_own():
    own = {"name": "own", "kind": "range", "window_s": 5.0, "limit_mw": 10.0}
    assert a_scenario(grid={"limits": [own]}).grid.limits[0].limit_mw == 10.0
    with pytest.raises(InputError, match="used twice: own"):
        a_scenario(grid={"limits": [own, own]})


def test_a_recording_holds_the_connection_of_its_scenario():
    connection = {"short_circuit_mva": 2000.0, "x_over_r": 15.0, "power_factor": 0.95, "reactive": "given"}
    constants = run(a_scenario(days=0.01, grid={"connection": connection})).recording.constants
    found = {name: value for name, value in constants.items() if name.startswith("grid.")}
    assert found == {
        "grid.short_circuit_mva": 2000.0,
        "grid.x_over_r_ratio": 15.0,
        "grid.power_factor_ratio": -0.95,
    }
    assert not [name for name in run(a_scenario(days=0.01)).recording.constants if name.startswith("grid.")]


def test_a_share_of_the_rated_power_alone_is_a_limit():
    share = {"name": "own", "limit_fraction": 0.1}
    ranged = PowerLimit.model_validate(share | {"kind": "range", "window_s": 5.0})
    ramped = PowerLimit.model_validate(share | {"kind": "net-ramp", "window_s": 60.0})
    assert (ranged.value(200.0), ranged.unit) == (20.0, "MW")
    assert (ramped.value(200.0), ramped.unit) == (20.0, "MW/min")
