from typing import get_args, get_type_hints

import pytest

from sim.engine.observation import Figure, Published
from sim.market.bill import PriceStep
from sim.policies import Notice, Observation
from sim.policies.base import TelemetryView

NOT_PUBLISHED = {"time_s", "commanded_mw"}
FIELDS = [name for name in Observation._fields if name not in NOT_PUBLISHED]


@pytest.fixture
def told():
    """What was given notice of."""
    return []


@pytest.fixture
def published(told):
    return Published(lambda: told.append(1))


def test_before_anything_is_published_each_value_is_the_default_of_the_observation(published):
    seen = published.observe(5.0, 40.0)
    assert (seen.time_s, seen.commanded_mw) == (5.0, 40.0)
    defaults = {name: value for name, value in Observation._field_defaults.items() if name in FIELDS}
    assert defaults == {name: getattr(seen, name) for name in defaults}
    assert isinstance(seen, Observation)


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_stands_in_the_observation_under_its_own_name_and_nowhere_else(published, name):
    before = published.observe(5.0, 40.0)
    others = {
        "price_steps": (PriceStep(1e6, 7.0),),
        "notices": (Notice("llm", "resume", 900.0, 900.0, 5.0, 0.0),),
    }
    value = others.get(name, 123.0)
    setattr(published, name, value)
    after = published.observe(5.0, 40.0)
    changed = {field for field in Observation._fields if getattr(after, field) != getattr(before, field)}
    assert getattr(after, name) == value
    assert changed == {name} | ({"price_usd_per_mwh"} if name == "price_steps" else set())


def test_there_is_a_value_for_each_field_and_no_other(published):
    assert set(vars(published)) - {"notice"} == set(FIELDS)


def test_where_the_price_depends_on_site_power_it_is_that_at_what_ai_and_fleets_draw(published):
    published.price_steps = (PriceStep(100.0, 30.0), PriceStep(float("inf"), 80.0))
    published.ai_power_mw = 70.0
    assert published.observe(0.0, 20.0).price_usd_per_mwh == 30.0
    assert published.observe(0.0, 40.0).price_usd_per_mwh == 80.0


@pytest.mark.parametrize("name", get_args(Figure))
def test_a_figure_is_a_number_of_the_observation_and_is_news(published, told, name):
    assert get_type_hints(Observation)[name] in (float, float | None)
    published.figure(name)(17.0)
    assert (getattr(published.observe(0.0, 0.0), name), len(told)) == (17.0, 1)


def test_what_telemetry_and_tenants_tell_is_news(published, told):
    published.receive(90.0)
    notice = Notice("llm", "checkpoint", 10.0, 20.0, -5.0, 0.0)
    published.announce(notice)
    seen = published.observe(0.0, 0.0)
    assert (seen.ai_power_mw, seen.notices, len(told)) == (90.0, (notice,), 2)


def test_notices_of_what_is_over_are_forgotten(published):
    early, late = (Notice("llm", "resume", at_s, at_s + 5.0, 5.0, 0.0) for at_s in (10.0, 30.0))
    published.announce(early)
    published.announce(late)
    published.forget_what_is_over(15.0)
    assert published.notices == (early, late)
    published.forget_what_is_over(15.5)
    assert published.notices == (late,)


def test_what_is_over_is_remembered_until_telemetry_has_had_the_time_to_show_it():
    published = Published(lambda: None, TelemetryView(delay_s=2.0, scan_s=10.0, interval_s=1.0))
    notice = Notice("llm", "resume", 100.0, 105.0, 5.0, 0.0)
    published.announce(notice)
    published.forget_what_is_over(118.0)
    assert published.notices == (notice,)
    published.forget_what_is_over(118.5)
    assert published.notices == ()
