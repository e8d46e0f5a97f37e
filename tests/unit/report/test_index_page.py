"""The list of all results: what it holds, that it costs little, and that nothing breaks it."""

import json
import re

import pytest

from sim.report.index_page import HEADS, write_index


@pytest.fixture
def results(tmp_path):
    for name, peak_mw in (("first", 190.0), ("second", 210.5)):
        folder = tmp_path / "site" / name
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("page")
        metric = {"value": peak_mw, "unit": "MW", "summary": ""}
        (folder / "metrics.json").write_text(json.dumps({"site_peak_mw": metric}))
        (folder / "scenario.yaml").write_text("name: site\ndays: 7.0\nseed: 3\npolicy:\n  type: always-on\n")
    (tmp_path / "site" / "compare-abc").mkdir()
    (tmp_path / "site" / "compare-abc" / "compare.html").write_text("page")
    compared = {
        "context": {"days": 2.0}, "seeds": [1, 2],
        "verdict": {"best": "flat-site"}, "policies": {"flat-site": {}, "always-on": {}},
    }  # fmt: skip
    (tmp_path / "site" / "compare-abc" / "compare.json").write_text(json.dumps(compared))
    (tmp_path / "studies" / "fleet").mkdir(parents=True)
    (tmp_path / "studies" / "fleet" / "study.html").write_text("page")
    return tmp_path


def rows_of(page):
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1].split("</tbody>")[0], re.DOTALL)
    return [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_every_folder_with_a_page_has_a_row_with_its_facts(results):
    page = write_index(results).read_text()
    rows = {(row[0], row[1]): row for row in rows_of(page)}

    assert set(rows) == {("site", "run"), ("site", "comparison"), ("fleet", "study")}
    assert len(rows_of(page)) == 4
    assert rows["site", "run"][3:6] == ["7", "3", "always-on"]
    assert rows["site", "comparison"][3:6] == ["2", "1 to 2", "flat-site, best of 2"]
    assert {"190 MW", "210.5 MW"} == {row[6] for row in rows_of(page) if row[1] == "run"}
    assert all(len(row) == len(HEADS) for row in rows_of(page))
    for link in re.findall(r'href="([^"]+)"', page):
        assert (results / link).is_file()


def test_what_has_not_changed_is_not_read_again(results):
    first = write_index(results).read_text()
    (results / "site" / "first" / "metrics.json").unlink()

    assert write_index(results).read_text() == first


def test_a_broken_folder_or_a_broken_list_breaks_nothing(results):
    (results / "site" / "first" / "metrics.json").write_text("{")
    (results / "index.html").write_text('<script type="application/json" id="rows">[{"page"</script>')

    assert len(rows_of(write_index(results).read_text())) == 4


def test_a_hostile_name_stays_text(results):
    (results / "site" / "second" / "scenario.yaml").write_text("days: 1.0\nseed: 1\npolicy:\n  type: </script><b>x\n")
    page = write_index(results).read_text()

    assert "<b>x" not in page
    assert page.count("</script>") == 2
