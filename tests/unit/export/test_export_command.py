import pytest

from sim.cli import main
from sim.result import write_result
from sim.simulation import run
from sim.testing import a_scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    write_result(run(a_scenario(days=0.05)), folder)
    return folder


def export(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["export", *map(str, arguments)])
    return stopped.value.code or 0, capsys.readouterr().err


def test_export_writes_the_file_and_says_that_reactive_power_is_not_known(folder, tmp_path, capsys):
    out = tmp_path / "playback.csv"
    code, said = export(capsys, folder, "--format", "psse", "--at", 600, "--for", 60, "--out", out)
    assert code == 0
    assert "reactive power is written as 0" in said
    assert f"export: {out}, {out}.json" in said
    assert out.read_text().startswith("0,")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--format", "comtrade"), "must be one of 1s, breakpoints, psse, vessim, openg2g, got 'comtrade'"),
        (("--format", "1s", "--at", "1e9"), "must lie within the run of 4320 s"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(folder, tmp_path, capsys, monkeypatch, wrong, words):
    monkeypatch.chdir(tmp_path)
    code, said = export(capsys, folder, *wrong)
    assert code == 2
    assert words in said
    assert not list(tmp_path.iterdir())
