import time
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.study.expand import load_study

SHIPPED = Path(__file__).parents[3] / "scenarios" / "studies"

VALUES = "must be a list of values, one at least, or a range with first and last"


def faults(path):
    with pytest.raises(InputError) as caught:
        load_study(path)
    return str(caught.value).splitlines()


def test_the_first_axis_changes_slowest_and_the_replications_fastest(desk):
    study = load_study(
        desk.study(
            """
scenario: noisy
axes:
  fleets.miners.rated_mw: [40, 20]
  policy: [always-on, mining-off]
replications: 2
"""
        )
    )

    assert [run.values for run in study.runs] == [
        (40, "always-on", 7),
        (40, "always-on", 8),
        (40, "mining-off", 7),
        (40, "mining-off", 8),
        (20, "always-on", 7),
        (20, "always-on", 8),
        (20, "mining-off", 7),
        (20, "mining-off", 8),
    ]
    assert [run.seed for run in study.runs] == [7, 8] * 4
    assert len({run.key for run in study.runs}) == 8


def test_a_run_has_the_scenario_with_the_values_of_its_axes(desk):
    study = load_study(
        desk.study(
            """
scenario: noisy.yaml
days: 0.5
axes:
  policy: [{type: price-threshold, margin_mw: 3.0}, "follow-headroom:margin_mw=9"]
  policy.margin_mw: [5.0, 6.0]
  seed: [3]
"""
        )
    )

    scenario = study.scenario_of(study.runs[1])
    assert scenario["policy"] == {"type": "price-threshold", "margin_mw": 6.0}
    assert (scenario["days"], scenario["seed"]) == (0.5, 3)


def test_the_same_study_has_the_same_keys_and_a_comment_changes_none(desk):
    text = "scenario: noisy\naxes: {seed: [1, 2]}\n"
    keys = [run.key for run in load_study(desk.study(text)).runs]

    assert [run.key for run in load_study(desk.study(f"# a remark\n{text}")).runs] == keys


def test_a_data_file_s_content_is_part_of_the_key(desk):
    (desk.scenarios / "power.csv").write_text("time_s,power_mw\n0,100\n600,50\n")
    desk.scenario.write_text(REPLAY.format(file="power.csv"))
    path = desk.study("scenario: noisy\naxes: {seed: [1]}\n")
    before = load_study(path).runs[0].key

    (desk.scenarios / "power.csv").write_text("time_s,power_mw\n0,100\n600,51\n")

    assert load_study(path).runs[0].key != before


def test_runs_that_read_different_files_have_the_digests_of_their_own_alone(desk):
    for name in ("one", "two"):
        (desk.scenarios / f"{name}.csv").write_text(f"time_s,power_mw\n0,100\n600,{len(name)}\n")
    (desk.scenarios / "two.csv").write_text("time_s,power_mw\n0,90\n")
    desk.scenario.write_text(REPLAY.format(file="one.csv"))
    both = load_study(desk.study("scenario: noisy\naxes: {loads.ai.file: [one.csv, two.csv]}\n"))
    alone = load_study(desk.study("scenario: noisy\naxes: {loads.ai.file: [two.csv]}\n"))

    assert both.runs[1].key == alone.runs[0].key


def test_the_shipped_study_has_five_fleet_sizes_and_two_seeds():
    study = load_study(SHIPPED / "fleet-size.yaml")

    assert [run.values for run in study.runs] == [
        (size, seed) for size in (40.0, 60.0, 90.0, 110.0, 140.0) for seed in (1, 2)
    ]


def test_all_faults_of_a_study_file_come_at_once_with_their_places(desk):
    path = desk.study(
        """
scenario: nosy
dayz: 2
axes:
  fleets.miners.rated_mw: []
  policy.margin_mw: 3
  policy: [always-on, always-on]
replications: 0
"""
    )

    found = faults(path)

    assert [line.removeprefix(f"{path}:") for line in found] == [
        "5:1 dayz: unknown key; did you mean 'days'?",
        "10:1 replications: must be at least 1, got 0",
        f"7:3 axes.fleets.miners.rated_mw: {VALUES}; got an empty list",
        f"8:3 axes.policy.margin_mw: {VALUES}; got 3",
        "8:3 axes.policy.margin_mw: must stand after 'policy', which sets it anew",
        '9:3 axes.policy: must not name a value twice; got "always-on" more than once',
    ]


def test_each_fault_of_the_scenarios_comes_once_with_values_that_lead_to_it(desk):
    path = desk.study(
        """
scenario: noisy
axes:
  fleets.miners.rated_mw: [20.0, -5.0]
  policy: [always-on, follow-hedroom]
replications: 2
"""
    )

    found = faults(path)

    assert len(found) == 2
    assert "policy.type: unknown type 'follow-hedroom'" in found[0]
    assert "(with fleets.miners.rated_mw = 20.0, policy = follow-hedroom, seed = 7, and 3 more)" in found[0]
    assert "rated_mw: must be above 0 MW, got -5 MW" in found[1]
    assert "fleets.miners.rated_mw = -5.0, policy = always-on, seed = 7, and 3 more)" in found[1]
    assert all(line.startswith(f"{path}:5:1 ") for line in found)


def test_an_axis_that_leads_nowhere_is_a_fault(desk):
    [line] = faults(desk.study("scenario: noisy\naxes: {fleets.minors.rated_mw: [20.0]}\n"))

    assert "no entry 'minors'; has miners; did you mean 'miners'?" in line


def test_too_many_runs_are_refused_before_any_is_looked_at(desk):
    axes = "\n".join(f"  {path}: {list(range(1, 101))}" for path in ("seed", "days", "interconnection.limit_mw"))
    before = time.perf_counter()

    [line] = faults(desk.study(f"scenario: noisy\naxes:\n{axes}\n"))

    assert "must have 100,000 runs at most; these axes and replications make 1,000,000" in line
    assert time.perf_counter() - before < 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("days: 1.0\naxes: {days: [1.0]}", "days: must be left out, as days is an axis"),
        ("replications: 2\naxes: {seed: [1]}", "replications: must be left out, as seed is an axis"),
        ("axes: {seed: [1], seed: [2]}", "stands twice"),
        ("axes: &here {seed: [1]}", "anchors (&name) are refused"),
        ("axes: [1]", "axes: must be a mapping, got a list"),
    ],
)
def test_what_makes_no_sense_is_a_fault(desk, text, message):
    assert message in "\n".join(faults(desk.study(f"scenario: noisy\n{text}\n")))


@pytest.mark.parametrize("name", ["../noisy", "/etc/passwd", "a/b", "..", "", "~/noisy"])
def test_a_study_names_its_scenario_by_name_never_by_a_path(desk, name):
    [line] = faults(desk.study(f'scenario: "{name}"\n'))

    assert " scenario: must match" in line


def test_only_a_folder_called_studies_may_name_scenarios_of_the_folder_above(desk):
    elsewhere = desk.scenarios / "elsewhere"
    elsewhere.mkdir()
    path = elsewhere / "try.yaml"
    path.write_text("schema_version: 1\nname: try\nscenario: noisy\n")

    [line] = faults(path)

    assert "scenario: no such file: noisy; looked in" in line
    assert line.endswith("and in the examples")


def test_a_study_anywhere_may_name_an_example(desk):
    path = desk.scenarios / "own.yaml"
    path.write_text("schema_version: 1\nname: own\nscenario: replay-day\naxes: {seed: [1, 2]}\n")
    assert len(load_study(path).runs) == 2


def test_a_link_out_of_the_folders_is_refused(desk, tmp_path):
    desk.scenario.rename(tmp_path / "noisy.yaml")
    desk.scenario.symlink_to(tmp_path / "noisy.yaml")

    [line] = faults(desk.study("scenario: noisy\n"))

    assert "is a link that leads out of" in line


def test_a_scenario_without_schema_version_is_refused_before_anything_runs(desk):
    desk.scenario.write_text(desk.scenario.read_text().replace("schema_version: 1\n", ""))

    [line] = faults(desk.study("scenario: noisy\n"))

    assert "schema_version: missing" in line


REPLAY = """
schema_version: 1
name: replayed
start: "2026-01-01T00:00:00-06:00"
days: 0.1
interconnection: {{limit_mw: 200.0}}
loads: [{{name: ai, type: replay, file: {file}, interpolation: step}}]
"""


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("{days: {first: 1.0, last: 2.0}}", "axes.days: must say its count, as the design draws none"),
        ("{days: {first: 3.0, last: 2.0, count: 2}}", "axes.days: first is 3; must be below last, 2"),
        ("{days: {from: 1.0, last: 2.0, count: 2}}", "axes.days: from: unknown key"),
        (
            "{days: [1.0, 2.0], seed: [1, 2, 3]}\ndesign: {type: zip}",
            "axes: must have the same number of values each, as they are zipped; days has 2, seed has 3",
        ),
        (
            "{days: {first: 1.0, last: 2.0}}\ndesign: {type: sobol, count: 60000}\nreplications: 2",
            "axes: must have 100,000 runs at most; these axes and replications make 120,000",
        ),
    ],
)
def test_ranges_and_designs_that_do_not_fit_are_refused(desk, axes, said):
    assert any(said in line for line in faults(desk.study(f"scenario: noisy\naxes: {axes}\n")))


def test_a_drawn_study_has_the_values_that_were_drawn(desk):
    study = load_study(
        desk.study(
            "scenario: noisy\naxes: {days: {first: 0.1, last: 0.9}, policy: [always-on, mining-off]}\n"
            "design: {type: latin-hypercube, count: 4}\nreplications: 3\n"
        )
    )

    assert len(study.runs) == 12
    assert [run.seed for run in study.runs[:3]] == [7, 8, 9]
    assert sorted(int((days - 0.1) / 0.2) for days in study.axes[0].values) == [0, 1, 2, 3]
    assert study.scenario_of(study.runs[3])["days"] == study.axes[0].values[1]
