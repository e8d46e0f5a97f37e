import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sim.cli import main
from sim.cli.app import HELP, app, worded

ROOT = Path(__file__).parents[2]
SITE = """
schema_version: 1
name: site
start: "2026-01-01T00:00:00Z"
interconnection: {limit_mw: 100.0}
loads: [{name: chat, type: inference, power_mw: 40.0}]
"""
REPLAY_DAY = str(ROOT / "scenarios" / "replay-day.yaml")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; return its exit code and what it wrote to both outputs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)  # as into a file, whatever terminal the tests run in

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        captured = capsys.readouterr()
        return stopped.value.code or 0, captured.out, captured.err

    return run


def test_run_prints_a_table_with_units_and_says_where_the_result_lies(command, tmp_path):
    code, out, err = command("run", REPLAY_DAY)

    assert code == 0
    assert "site_energy_mwh" in out
    assert "4,603 MWh" in out
    assert "profit and loss [USD]" in out
    assert "145,900" in out  # 1.7165 BTC at 85,000 USD
    folder = tmp_path / err.split("result: ")[1].strip()
    assert {file.name for file in folder.iterdir()} == {
        "events.parquet",
        "exceedances.parquet",
        "ledger.csv",
        "metrics.json",
        "monthly.csv",
        "provenance.json",
        "report.html",
        "run.log",
        "scenario.yaml",
        "signals.parquet",
    }


def test_figures_are_drawn_on_request_and_added_to_a_folder_that_is_there(command, tmp_path):
    command("run", REPLAY_DAY, "--out", "plain")
    code, _, err = command("report", "plain", "--figures")
    assert code == 0, err
    command("run", REPLAY_DAY, "--out", "drawn", "--figures")

    names = {"load_duration.png", "power.png", "price_and_target.png", "spectrum.png", "worst.png"}
    for folder in ("plain", "drawn"):
        assert {path.name for path in (tmp_path / folder / "figures").iterdir()} == names
    assert "needs a folder" in command("run", REPLAY_DAY, "--json", "--figures")[2]


def test_a_reader_that_stops_reading_loses_no_result(tmp_path):
    command = [sys.executable, "-m", "sim", "run", REPLAY_DAY, "--all"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        run.stdout.close()  # before it writes a line
        said = run.stderr.read()

    assert run.returncode == 0, said
    (page,) = tmp_path.glob("results/replay-day/*/report.html")
    assert f"page: {page.relative_to(tmp_path)}" in said
    assert "Traceback" not in said


def test_at_80_columns_no_name_and_no_number_is_cut(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    policies = "always-on follow-headroom:margin_mw=12.5 ramp-limit:up_mw_per_min=5,inner.type=always-on"
    _, out, _ = command("run", REPLAY_DAY, "--all")
    _, compared, _ = command(
        "compare", REPLAY_DAY, "--days", "0.1", "--replications", "2", "--workers", "1",
        "--policies", policies,
    )  # fmt: skip

    for text in (out, compared):
        assert max(map(len, text.splitlines())) <= 80
        assert "…" not in text
    metrics = json.loads(command("run", REPLAY_DAY, "--json")[1])
    assert all(name in out for name in metrics)
    assert "inner.type=always-on" in compared


def test_the_same_run_again_keeps_the_folder_and_says_so(command):
    command("run", REPLAY_DAY)

    code, _, err = command("run", REPLAY_DAY)

    assert code == 0
    assert "as before" in err


def test_a_folder_that_holds_other_numbers_is_not_overwritten(command, tmp_path):
    command("run", REPLAY_DAY)
    (metrics,) = tmp_path.glob("results/replay-day/*/metrics.json")
    metrics.write_text("{}")

    code, _, err = command("run", REPLAY_DAY)

    assert code == 2
    assert "holds another result" in err
    assert metrics.read_text() == "{}"


def test_out_must_be_new(command, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()

    code, _, err = command("run", REPLAY_DAY, "--out", "there")

    assert code == 2
    assert "is there already" in err


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (["run", REPLAY_DAY, "--days", "0.02"], "metrics.json"),
        (
            ["compare", REPLAY_DAY, "--days", "0.02", "--policies", "mining-off", "--workers", "1"],
            "compare.json",
        ),
        (["sweep", "s.yaml", "--workers", "1"], "runs.parquet"),
    ],
)
def test_an_empty_folder_is_as_good_as_none(command, tmp_path, arguments, holds):
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "s.yaml").write_text("schema_version: 1\nname: s\nscenario: site\ndays: 0.02\naxes: {seed: [1]}\n")
    (tmp_path / "there").mkdir()

    code, _, err = command(*arguments, "--out", "there")

    assert code == 0, err
    assert (tmp_path / "there" / holds).exists()


def test_no_folder_takes_the_place_of_the_one_that_its_user_is_in_or_of_a_link(command, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    for place in (".", "link"):
        code, _, err = command("run", REPLAY_DAY, "--days", "0.02", "--out", place)
        assert code == 2
        assert "is there already" in err


@pytest.mark.parametrize(
    ("folder", "words"), [("there", "is there already"), ("there/file/new", "there/file is no folder")]
)
def test_where_nothing_can_be_written_no_run_begins(command, tmp_path, folder, words):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()

    code, out, err = command("compare", REPLAY_DAY, "--policies", "always-on mining-off", "--out", folder)

    assert (code, out) == (2, "")
    assert words in err
    assert not (tmp_path / "results").exists()


def test_who_stops_a_command_is_told_that_it_stopped(command, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.simulation.run", stop)
    assert command("run", REPLAY_DAY) == (130, "", "stopped\n")
    assert not list(tmp_path.iterdir())


def test_of_two_same_runs_at_once_the_later_finds_the_result_there(command, tmp_path, monkeypatch):
    assert command("run", REPLAY_DAY, "--days", "0.02")[0] == 0
    (folder,) = (tmp_path / "results" / "replay-day").iterdir()
    answers, really = iter([False]), Path.is_dir  # it looked before the other was done
    monkeypatch.setattr(
        Path,
        "is_dir",
        lambda path: next(answers, True) if path.name == folder.name else really(path),
    )
    code, _, err = command("run", REPLAY_DAY, "--days", "0.02")
    assert code == 0
    assert "as before: same scenario, same seed, same numbers" in err
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_that_is_gone_is_a_plain_line(command, monkeypatch):
    def gone(*_, **__):
        raise FileNotFoundError(2, "No such file or directory", "somewhere")

    monkeypatch.setattr("sim.simulation.run", gone)
    assert command("run", REPLAY_DAY) == (2, "", "somewhere: No such file or directory\n")


def test_json_prints_metrics_alone_and_writes_no_folder(command, tmp_path):
    code, out, _ = command("run", REPLAY_DAY, "--json")

    assert code == 0
    assert json.loads(out)["exceedance_s"] == {
        "value": pytest.approx(46.0),
        "unit": "s",
        "summary": "Time above the limit",
        "baseline": 0.0,
    }
    assert not list(tmp_path.iterdir())


def test_options_change_the_run(command):
    _, out, _ = command(
        "run",
        REPLAY_DAY,
        "--json",
        "--policy",
        "mining-off",
        "--days",
        "0.5",
        "--set",
        "interconnection.limit_mw=140",
    )

    metrics = json.loads(out)
    assert metrics["fleet_energy_mwh"]["value"] == 0.0
    assert metrics["exceedance_s"]["value"] == 12 * 3300.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "helois"), "did you mean 'helios'"),
        (("run", "missing.yaml"), "no such file"),
        (("run", REPLAY_DAY, "--set", "policy.margn_mw=1"), "did you mean 'margin_mw'"),
        (("run", REPLAY_DAY, "--days", "0"), "days: must be above 0 d, got 0 d"),
        (("run", REPLAY_DAY, "--days", "1000000"), "days: must be at most 3660 d"),
        (
            ("run", REPLAY_DAY, "--set", "fleets.miners.ramp_up_mw_per_s=0"),
            "must be above 0 MW/s, got 0 MW/s",
        ),
        (("validate", REPLAY_DAY, "--set", "loads.ai.file=gone.csv"), "gone.csv loads.0: no such file"),
        (("compare", REPLAY_DAY, "--policies", "folow-headroom"), "did you mean 'follow-headroom'"),
        (("sweep", "nothing"), "no such name in scenarios/studies"),
        (("report", "nowhere"), "not a whole result folder"),
    ],
)
def test_bad_input_ends_with_a_plain_line_and_exit_code_2(command, arguments, words):
    code, out, err = command(*arguments)

    assert code == 2
    assert words in err
    assert "Traceback" not in err + out


def test_validate_accepts_every_shipped_scenario_that_needs_no_other_data(command):
    for name in ("helios", "helios-year", "replay-day"):
        code, _, err = command("validate", str(ROOT / "scenarios" / f"{name}.yaml"))
        assert (code, "valid" in err) == (0, True)


def test_compare_over_a_field_says_who_wins_when(command, tmp_path):
    code, out, err = command(
        *("compare", REPLAY_DAY, "--policies", "mining-off always-on", "--replications", "1"),
        *("--workers", "1", "--over", "market.bitcoin.hashprice_usd_per_ph_day=1,100"),
    )

    assert code == 0
    assert "who wins" in out
    page = tmp_path / err.split("page: ")[1].split(" (open")[0]
    assert "Who wins where" in page.read_text()
    cells = json.loads((page.parent / "study.json").read_text())["winners"]["cells"]
    assert [cell["values"] for cell in cells] == [[1], [100]]


def test_compare_over_a_field_goes_without_what_a_study_has_not(command):
    code, _, err = command("compare", REPLAY_DAY, "--over", "days=1,2", "--warm-up", "0.1")

    assert code == 2
    assert "goes without --warm-up and --until-half-width" in err


def test_compare_refuses_an_interval_that_is_no_number(command):
    code, _, err = command("compare", REPLAY_DAY, "--until-half-width", "objective_usd=narrow")

    assert code == 2
    assert "must be metric=half-width" in err


def test_compare_prints_paired_differences_and_writes_them(command, tmp_path):
    code, out, err = command(
        "compare", REPLAY_DAY, "--policies", "mining-off always-on", "--replications", "2", "--workers", "1"
    )

    assert code == 0
    assert "+1,440 MWh ± 0 MWh" in out
    document = json.loads((tmp_path / err.split("result: ")[1].strip() / "compare.json").read_text())
    assert document["policies"]["always-on"]["fleet_energy_mwh"]["difference"]["mean"] == pytest.approx(1440.0)


def test_report_builds_the_page_again_from_the_folder_alone(command, tmp_path):
    command("run", REPLAY_DAY)
    (page,) = tmp_path.glob("results/replay-day/*/report.html")
    before = page.read_bytes()
    page.unlink()

    code, _, _ = command("report", str(page.parent))

    assert code == 0
    assert page.read_bytes() == before


def test_schema_prints_a_json_schema(command):
    code, out, _ = command("schema")

    assert code == 0
    assert "interconnection" in json.loads(out)["properties"]


def test_a_run_is_the_same_bytes_in_another_process_with_another_hash_seed(tmp_path):
    folders = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        subprocess.run(
            [
                sys.executable,
                "-m",
                "sim",
                "run",
                str(ROOT / "scenarios/helios.yaml"),
                "--days",
                "0.05",
                "--out",
                folder,
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        folders.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    first, second = folders
    log = Path("run.log")
    assert first.pop(log)
    assert second.pop(log)
    assert first == second


def parameters_of(command, path=""):
    """Yield the path of each command with each of its arguments and options."""
    for name, below in getattr(command, "commands", {}).items():
        yield from parameters_of(below, f"{path} {name}".strip())
    for parameter in command.params:
        yield path, parameter


def test_every_argument_and_option_says_what_it_is_and_no_text_is_left_over():
    found = list(parameters_of(worded(typer.main.get_command(app))))
    assert [(path, one.name) for path, one in found if not one.help] == []
    named = {path: {one.name for other, one in found if other == path} for path, _ in found}
    for path, texts in HELP.items():
        known = set.union(*named.values()) if path == "shared" else named[path]
        assert set(texts) <= known, path


def test_help_and_import_are_quick():
    code = "import time; t = time.perf_counter(); import sim; print(time.perf_counter() - t)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(answer.stdout) < 0.3


def test_sweep_prints_a_row_for_each_run_and_goes_on_where_it_stopped(command):
    study = str(ROOT / "scenarios" / "studies" / "fleet-size.yaml")

    _, out, err = command("sweep", study, "--workers", "1")
    _, again, later = command("sweep", study, "--workers", "1")

    assert "fleets.miners.rated_mw" in out
    assert out.count("110.0") >= 2
    assert "10 runs done, 0 of them before; 0 failed" in err
    assert "10 runs done, 10 of them before" in later
    assert again == out


def test_waveform_writes_a_window_of_a_run_within_the_second(command, tmp_path):
    command("run", str(ROOT / "scenarios" / "helios.yaml"), "--days", "0.02", "--out", "run")

    code, _, err = command("waveform", "run", "--at", "600", "--for", "10", "--rate", "500")
    again, _, refusal = command("waveform", "run", "--at", "600", "--for", "10", "--rate", "500")
    late, _, beyond = command("waveform", "run", "--at", "90000", "--out", "late.csv")

    rows = (tmp_path / "waveform.csv").read_text().splitlines()
    assert (code, rows[0], len(rows)) == (0, "time_s,power_mw", 5001)
    assert "1 training jobs, up to 250 Hz" in err
    powers_mw = [float(row.split(",")[1]) for row in rows[1:]]
    assert max(powers_mw) - min(powers_mw) > 20.0
    assert (again, late) == (2, 2)
    assert "cannot be written anew" in refusal
    assert "Traceback" not in beyond


def test_limits_shows_the_site_against_limits_and_a_run_warns_of_coarse_traces(command, tmp_path):
    (tmp_path / "trace.csv").write_text("time_s,power_mw\n0,100\n300,160\n600,100\n")
    (tmp_path / "own.yaml").write_text(
        "schema_version: 1\nname: own\nstart: '2026-01-01T00:00:00Z'\ndays: 0.02\n"
        "interconnection: {limit_mw: 200}\n"
        "loads: [{name: trace, type: replay, file: trace.csv}]\n"
        "grid:\n"
        "  limits: [{name: ours, kind: range, window_s: 5, limit_mw: 15}]\n"
        "  connection: {short_circuit_mva: 2000, x_over_r: 15}\n"
    )
    code, table, err = command("run", "own.yaml", "--out", "run")
    assert (code, "load trace has a row every 5 min" in err) == (0, True)
    assert "voltage_min_pu" in table

    code, table, err = command("limits", "run")

    assert (code, "row every 5 min" in err) == (0, True)
    rows = {line.split()[1]: line for line in table.splitlines() if len(line.split()) > 2}
    assert " fail " in rows["ours"]
    assert "│ pass  " not in table


def test_a_run_that_takes_longer_than_it_may_is_ended_and_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "sim", "run", "helios-year", "--timeout-s", "1", "--out", "year"]
    where = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    done = subprocess.run(command, **where, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert "the time limit of 1 s was exceeded" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_validate_tells_what_fields_of_an_old_file_mean_now(command, tmp_path):
    file = tmp_path / "old.yaml"
    file.write_text(SITE + "market: {bitcoin: {type: fixed, of_year: 2026}}\n", encoding="utf-8")
    code, _, err = command("validate", str(file))

    assert code == 0
    assert "moved: market.bitcoin.of_year" in err
    assert "write schema_version: 2" in err
