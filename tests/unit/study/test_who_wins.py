import json
import re

import pytest

from sim.errors import InputError
from sim.report.comparison_page import write_comparison_report
from sim.report.study_page import write_study_report
from sim.study.compare import Ways, compare
from sim.study.expand import policies_over
from sim.study.sweep import sweep

PRICE = "market.power.price_usd_per_mwh=20,400"


def winners(desk, policies, over, replications=1):
    study = policies_over(desk.scenario, policies, over, replications, overrides=["days=0.05"])
    sweep(study, desk.out)
    return json.loads((desk.out / "study.json").read_text())["winners"]


def test_each_cell_names_the_best_policy_and_the_price_decides(desk):
    careful = "follow-headroom:margin_mw=60"
    document = winners(desk, ["mining-off", careful], [PRICE], 3)

    # the scenario's own margin of 4 MW breaks the limit: it wins nowhere
    assert [cell["winner"] for cell in document["cells"]] == [careful, "mining-off"]
    assert document["policies"] == ["mining-off", careful, "as-shipped"]
    assert document["replications"] == 3
    assert all(cell["feasible"] == ["mining-off", careful] for cell in document["cells"])
    assert [cell["values"] for cell in document["cells"]] == [[20.0], [400.0]]
    assert document["cells"][0]["no_significant_difference_to"] == []
    page = write_study_report(desk.out).read_text()
    assert f"<title>{careful}</title>" in page
    assert len(re.findall("<h2[^>]*>Who wins where", page)) >= 1


def test_policies_that_do_the_same_do_not_differ_significantly(desk):
    same = ["follow-headroom:margin_mw=60", "follow-headroom:margin_mw=60.0"]
    (cell,) = winners(desk, same, ["market.power.price_usd_per_mwh=20"], 2)["cells"]

    assert len(cell["no_significant_difference_to"]) == 1


def test_one_run_a_cell_leaves_open_who_leads(desk):
    document = winners(desk, ["mining-off", "follow-headroom:margin_mw=60"], [PRICE])

    assert [len(cell["no_significant_difference_to"]) for cell in document["cells"]] == [1, 1]


def test_two_fields_make_a_map_and_three_a_table_alone(desk):
    fields = [PRICE, "interconnection.limit_mw=190,200"]
    document = winners(desk, ["mining-off"], fields)

    values = [tuple(cell["values"]) for cell in document["cells"]]
    assert sorted(values) == [(20.0, 190.0), (20.0, 200.0), (400.0, 190.0), (400.0, 200.0)]
    assert winners(desk, ["mining-off"], [*fields, "days=0.04,0.05"]) is None


def test_a_study_without_a_choice_of_policies_asks_nobody(desk):
    sweep(desk.study("scenario: noisy\ndays: 0.05\naxes:\n  interconnection.limit_mw: [190, 200]\n"), desk.out)

    assert json.loads((desk.out / "study.json").read_text())["winners"] is None


@pytest.mark.parametrize("text", ["price", "=1,2", "price="])
def test_an_axis_is_a_path_and_values(desk, text):
    with pytest.raises(InputError, match="must be path=value,value"):
        policies_over(desk.scenario, ["mining-off"], [text], 1)


def test_a_value_named_twice_is_refused(desk):
    with pytest.raises(InputError, match="must not name a value twice; got 4 more than once"):
        policies_over(desk.scenario, ["mining-off"], ["fleets.miners.rated_mw=4,8,4"], 1)


def test_the_page_of_a_comparison_holds_its_figures_and_may_load_nothing(desk, tmp_path):
    found = compare(desk.scenario, ["mining-off", "follow-headroom"], 2, ways=Ways(references=True))
    folder = found.write(tmp_path / "out", write_comparison_report)

    page = (folder / "compare.html").read_text()
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert page.count("<svg") >= 4
    assert "uplift_capture" in page
    assert "did the same in every run" in page
    assert {path.name for path in folder.iterdir()} == {"compare.html", "compare.json", "compare.parquet"}
    for metric in found.facts:
        assert f"<code>{metric}</code>" in page
