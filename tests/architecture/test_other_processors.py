"""Examples hold on processors that round the last bit of powers and logarithms another way."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FOUND = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
# numpy without its vector kernels, OpenBLAS with those of an old processor, the C library without fused sums
OLD = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(FOUND),
    "OPENBLAS_CORETYPE": "Prescott",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA",
}


def on_an_old_processor(*command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | OLD,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_examples_in_code_and_documentation_hold():
    done = on_an_old_processor(*("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "sim", "README.md", "docs"))

    assert done.returncode == 0, done.stdout
