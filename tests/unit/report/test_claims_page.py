from sim.report.claims_page import write_claims_page

ROW = {
    "id": "S3",
    "claim": "Mining fills in.",
    "verdict": "conditional",
    "condition": "True where the fleet is <fast>.",
    "measured": {"dip_soaked_fraction": 0.5, "site_peak_mw": None},
}


def test_the_page_says_each_claim_its_verdict_and_what_was_measured(tmp_path):
    path = write_claims_page([ROW, {**ROW, "id": "S4", "verdict": "true"}], tmp_path, quick=True)
    text = path.read_text(encoding="utf-8")
    assert path.name == "claims.html"
    assert "S3: Mining fills in." in text
    assert "S3, conditional: True where the fleet is &lt;fast&gt;." in text
    assert "2: 1 conditional, 1 true" in text
    assert "shortened" in text
    assert ("not assessable" in text, "50" in text) == (True, True)
