import json
import os
import subprocess
import sys
from pathlib import Path

import golden
import pytest

from sim.simulation import MODEL_VERSION

ROOT = Path(__file__).parents[2]


def test_the_golden_metrics_are_of_this_model_version():
    assert golden.stored()["model_version"] == MODEL_VERSION, "write them again: make golden"


@pytest.mark.parametrize("path", golden.SCENARIOS, ids=lambda path: path.stem)
def test_no_result_has_moved_unannounced(path):
    before = golden.stored()["metrics"].get(path.stem)
    assert before is not None, "a new scenario: make golden"

    now = golden.measured(path)
    gone, moved = before.keys() - now.keys(), golden.changes(before, now)

    assert not gone, "users read metrics by name: these are in no result any more"
    assert not moved, (
        "if these are meant to change: raise MODEL_VERSION in sim/simulation.py, say in the changelog under "
        "'Results changed' which moved and why, and run make golden"
    )


def test_the_changelog_has_a_section_on_changed_results():
    assert "Results changed" in (ROOT / "CHANGELOG.md").read_text()


def test_another_processor_gives_the_same_metrics():
    # numpy and the C library pick their code by what the processor offers: here that of an old one
    old = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Prescott",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA",
    }
    code = "import golden, json; print(json.dumps(golden.measured(golden.ROOT / 'scenarios' / 'helios.yaml')))"
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=old,
        cwd=golden.HERE,
    )
    assert not golden.changes(golden.stored()["metrics"]["helios"], json.loads(answer.stdout))
