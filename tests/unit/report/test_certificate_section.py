import json

from sim import run
from sim.cli.tables import certificate_lines
from sim.report.build import publish
from sim.report.stability import soak_rows
from sim.testing import a_scenario

JOB = {
    "name": "job",
    "type": "training",
    "gpus": 50_000,
    "power_mw": 100.0,
    "pue": 1.0,
    "checkpoint": {"interval_min": 20.0, "stall_median_s": 120.0, "stall_sigma": 0.0},
    "failures": {"per_node_day": 0.0},
    "notice": {"lead_s": 60.0, "silence": "down"},
}


def held(**job):
    policy = {"type": "hold-limit"}
    return run(a_scenario(loads=[{**JOB, **job}], limit_mw=120.0, days=0.1, policy=policy))


def test_the_certificate_stands_in_the_folder_and_on_the_page(tmp_path):
    folder, _ = publish(held(), tmp_path / "out", replaceable=False, with_figures=False)
    document = json.loads((folder / "certificate.json").read_text())
    assert document["holds"] is True
    assert document["loads"]["job"]["contract"] == "silence means down"
    assert document["breaks"] == []
    page = (folder / "report.html").read_text()
    assert "Certificate of the limit" in page
    assert "Holds: by what the loads state" in page


def test_what_did_not_hold_is_said_with_its_number(tmp_path):
    result = held(stated_mw=90.0)
    assert certificate_lines(result.recording)[0].startswith(
        "certificate: does not hold; job drew more than it stated or announced, first at 0.0 s, by up to 10"
    )
    folder, _ = publish(result, tmp_path / "out", replaceable=False, with_figures=False)
    assert json.loads((folder / "certificate.json").read_text())["breaks"][0]["by_mw"] > 10.0
    assert "Does not hold." in (folder / "report.html").read_text()


def test_without_a_claim_there_is_no_certificate(tmp_path):
    result = run(a_scenario(loads=[JOB], limit_mw=120.0, days=0.1))
    assert certificate_lines(result.recording) == []
    folder, _ = publish(result, tmp_path / "out", replaceable=False, with_figures=False)
    assert not (folder / "certificate.json").exists()
    assert "Certificate of the limit" not in (folder / "report.html").read_text()


def test_what_was_filled_is_reported_by_cause_and_dips_by_their_length():
    rows = soak_rows(held().recording)
    dips = [f"dips of {length}" for length in ("0 to 10 s", "10 to 60 s", "60 to 600 s", "600 s and longer")]
    assert [row[0] for row in rows] == ["static headroom", "slow idle", *dips]
    assert rows[4][1] == "7"  # one each 20 minutes
    assert rows[4][4].endswith("%")
