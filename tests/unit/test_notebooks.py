"""The notebooks of the documentation run from the first cell to the last."""

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"
NAMES = [
    "engineer",
    pytest.param("operator", marks=pytest.mark.slow),
    pytest.param("researcher", marks=pytest.mark.slow),
]


def code_of(name):
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all(not cell["outputs"] for cell in cells if cell["cell_type"] == "code"), "results are not kept in git"
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(name, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    mpl.use("Agg")
    names = {}
    for cell in code_of(name):
        exec(compile(cell, name, "exec"), names)  # noqa: S102  # our own notebooks
    plt.close("all")

    said = capsys.readouterr().out
    assert "nan" not in said
    assert len(said.splitlines()) >= 3


def test_every_notebook_is_tried():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == {getattr(name, "values", [name])[0] for name in NAMES}
