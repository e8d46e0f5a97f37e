"""Charts of a comparison: what keeps a policy from perfect foresight, durations, points in one place."""

import re

import pytest

from sim import compare
from sim.report.comparison_charts import duration_chart, gap_chart, pareto_charts, uplift_chart

LINES = ("repair", "late_price", "forecast", "latency", "standby", "clock", "rest")


@pytest.fixture(scope="module")
def document():
    policies = ["follow-headroom:margin_mw=4", "as-shipped", "always-on"]
    overrides = {"days": 0.1, "policy.margin_mw": 4.0}
    return compare("scenarios/replay-day.yaml", policies, 2, overrides=overrides).document()


def bars(drawing):
    """Return start, width and colour of each bar of the wide drawing."""
    wide = drawing.drawing.partition('<div class="narrow">')[0]
    found = re.findall(r'class="fill ([\w ]+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', wide)
    return [(style, float(x), float(width)) for style, x, width in found]


def test_the_parts_of_a_gap_add_up_to_what_the_row_says(document):
    drawing = gap_chart(document)
    policies = document["policies"]
    assert len(bars(drawing)) == len(LINES) * len(policies)
    for name, of in policies.items():
        whole = of["bound_usd"]["mean"] - of["objective_usd"]["mean"]
        assert sum(of[f"gap_{line}_usd"]["mean"] for line in LINES) == pytest.approx(whole, abs=1e-6)
        said = re.search(rf">{re.escape(name)}[^<]*: (-?[\d,.]+) USD in all", drawing.drawing)
        assert float(said[1].replace(",", "")) == pytest.approx(whole, rel=1e-3)


def test_a_loss_lies_to_the_right_of_zero_and_a_gain_to_the_left(document):
    policies = {
        name: {**of, **{f"gap_{line}_usd": {"mean": usd} for line, usd in zip(LINES, USD, strict=True)}}
        for name, of in list(document["policies"].items())[:1]
    }
    repair, late, _, latency, *_ = bars(gap_chart({**document, "policies": policies}))
    assert repair[1] + repair[2] == pytest.approx(late[1], abs=0.2)
    assert latency[1] + latency[2] == pytest.approx(repair[1], abs=0.2)


USD = (10.0, 20.0, 0.0, -30.0, 0.0, 0.0, 0.0)


def test_without_a_bound_there_is_no_gap_to_draw(document):
    policies = {
        name: {**of, **{f"gap_{line}_usd": {"mean": None} for line in LINES}}
        for name, of in document["policies"].items()
    }
    assert gap_chart({**document, "policies": policies}) is None


def test_a_policy_that_breaks_the_limit_is_faint_and_says_so(document):
    drawing = uplift_chart(document)
    assert [" faint" in style for style, *_ in bars(drawing)] == [
        not of["feasible"] for of in document["policies"].values()
    ]
    broken = [name for name, of in document["policies"].items() if not of["feasible"]]
    assert broken
    assert all(f"{name}, breaks the limit" in drawing.drawing for name in broken)


def test_policies_that_did_the_same_share_a_point_and_its_name(document):
    drawings = [drawing.drawing for drawing in pareto_charts(document)]
    assert drawings
    assert all(">follow-headroom:margin_mw=4, as-shipped</text>" in drawing for drawing in drawings)


def test_durations_fall_from_the_highest_power_to_the_lowest(document):
    for of in document["policies"].values():
        levels = [of[name]["mean"] for name in of if name.startswith("duration_")]
        assert levels == sorted(levels)
        assert levels[-1] == pytest.approx(of["site_peak_mw"]["mean"], rel=1e-3)
    drawing = duration_chart(document)
    assert drawing.drawing.count("<polyline") == 2 * (len(document["policies"]) + 1)  # the limit too
