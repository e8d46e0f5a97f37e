import json

import pytest

from sim.errors import InputError
from sim.report.comparison_page import write_comparison_report, write_winners_report
from sim.study.compare import Ways, compare
from sim.study.spec import Axis
from sim.study.who_wins import read_axis, winners

PRICE = Axis("market.power.price_usd_per_mwh", (20.0, 400.0))


def test_each_cell_names_the_best_policy_and_the_price_decides(desk, tmp_path):
    careful = "follow-headroom:margin_mw=60"
    found = winners(desk.scenario, ["mining-off", careful], [PRICE], 3)
    document = found.document()

    # the scenario's own margin of 4 MW breaks the limit: it wins nowhere
    assert [cell["winner"] for cell in document["cells"]] == [careful, "mining-off"]
    assert all(cell["feasible"] == ["mining-off", careful] for cell in document["cells"])
    assert [cell["values"] for cell in document["cells"]] == [[20.0], [400.0]]
    assert document["cells"][0]["no_significant_difference_to"] == []
    folder = found.write(tmp_path / "map", write_winners_report)
    assert json.loads((folder / "winners.json").read_text()) == document
    page = (folder / "winners.html").read_text()
    assert page.count("<rect") == 4  # two cells, for a screen and for a telephone
    assert f"<title>{careful}</title>" in page


def test_policies_that_do_the_same_do_not_differ_significantly(desk):
    same = ["follow-headroom:margin_mw=60", "follow-headroom:margin_mw=60.0"]
    (cell,) = winners(desk.scenario, same, [Axis("seed", (7,))], 2).document()["cells"]

    assert len(cell["no_significant_difference_to"]) == 1


def test_two_axes_make_a_map_and_three_are_refused(desk):
    margin = Axis("days", (0.05, 0.1))
    found = winners(desk.scenario, ["mining-off"], [PRICE, margin], 1)

    assert list(found.cells) == [(20.0, 0.05), (20.0, 0.1), (400.0, 0.05), (400.0, 0.1)]
    with pytest.raises(InputError, match="one field or two"):
        winners(desk.scenario, ["mining-off"], [PRICE, margin, Axis("seed", (1,))], 1)


@pytest.mark.parametrize("text", ["price", "=1,2", "price="])
def test_an_axis_is_a_path_and_values(text):
    with pytest.raises(InputError, match="must be path=value,value"):
        read_axis(text)


def test_a_value_named_twice_is_refused():
    with pytest.raises(InputError, match=r"must not name a value twice; got 4\.0 more than once"):
        read_axis("fleet.rated_mw=4,8,4.0")


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
