"""A run that starts again each time its file is saved."""

import os
import signal
import subprocess
import sys
import time

SCENARIO = """schema_version: 1
name: watched
start: "2026-01-01T00:00:00-06:00"
days: 0.01
interconnection: {limit_mw: 100.0}
policy: {type: follow-headroom, margin_mw: 0.0}
fleets:
  - {name: miners, type: aggregate, rated_mw: 60.0, ramp_up_mw_per_s: 1.0, ramp_down_mw_per_s: 1.0,
     efficiency_j_per_th: 20.0}
"""


def until(found, log, most_s=30.0):
    end = time.monotonic() + most_s
    while not found(log.read_text()):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_each_save_is_a_run_a_fault_is_told_and_ctrl_c_ends(tmp_path):
    file, log = tmp_path / "watched.yaml", tmp_path / "log.txt"
    file.write_text(SCENARIO)
    with log.open("w") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "sim", "run", "watched.yaml", "--watch"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until(lambda text: text.count("save it to run again") == 1, log)
        file.write_text(SCENARIO.replace("100.0", "-1.0"))
        until(lambda text: text.count("save it to run again") == 2, log)
        assert "interconnection.limit_mw" in log.read_text()
        file.write_text(SCENARIO.replace("100.0", "50.0"))
        until(lambda text: text.count("save it to run again") == 3, log)
        running.send_signal(signal.SIGINT)
        code = running.wait(30)
    finally:
        running.kill()

    assert log.read_text().count("result: ") == 2
    assert "stopped" in log.read_text()
    assert code == 130
    assert len(list((tmp_path / "results" / "watched").glob("*/metrics.json"))) == 2


def test_a_watched_run_has_no_folder_of_its_own(tmp_path):
    command = [sys.executable, "-m", "sim", "run", "replay-day", "--watch", "--out", str(tmp_path / "one")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "leave out --out" in done.stderr
