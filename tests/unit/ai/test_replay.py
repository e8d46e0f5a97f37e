import pytest
from quick import run

from sim.ai import ReplayLoad
from sim.errors import InputError
from sim.span import Span
from sim.tables import Files
from sim.testing import a_scenario


@pytest.fixture
def write(tmp_path):
    def write_rows(*rows, header="time_s,power_mw"):
        (tmp_path / "trace.csv").write_text("\n".join([header, *rows]) + "\n")
        return Files([tmp_path])

    return write_rows


def a_replay(**keys):
    return ReplayLoad(type="replay", name="trace", file="trace.csv", **keys)


def test_steps_hold_until_the_next_row(run_load, write):
    files = write("0,10", "60,20", "90,5")

    seen = run_load(a_replay(), 100.0, files=files)

    assert seen.power == [(0.0, 10.0, 0.0), (60.0, 20.0, 0.0), (90.0, 5.0, 0.0)]


def test_lines_join_the_rows_and_the_last_value_holds(run_load, write):
    files = write("0,10", "50,20", "100,0")

    seen = run_load(a_replay(interpolation="linear"), 200.0, files=files)

    assert seen.power == [(0.0, 10.0, 0.2), (50.0, 20.0, -0.4), (100.0, 0.0, 0.0)]


@pytest.mark.parametrize("interpolation", ["step", "linear"])
def test_a_file_that_starts_late_is_refused_or_its_first_value_holds_where_said(run_load, write, interpolation):
    files = write("30,10", "60,10")
    with pytest.raises(InputError, match="covers 30 s to 90 s, the run needs 0 s to 100 s; outside: hold keeps"):
        a_replay(interpolation=interpolation).check(Span(files, 0.0, 100.0))

    seen = run_load(a_replay(interpolation=interpolation, outside="hold"), 100.0, files=files)

    assert seen.power[0] == (0.0, 10.0, 0.0)
    assert {power_mw for _, power_mw, _ in seen.power} == {10.0}


def test_a_file_that_starts_early_is_joined_at_the_start(run_load, write):
    files = write("-40,10", "-20,20", "20,40")

    steps = run_load(a_replay(), 100.0, files=files)
    lines = run_load(a_replay(interpolation="linear"), 100.0, files=files)

    assert steps.power == [(0.0, 20.0, 0.0), (20.0, 40.0, 0.0)]
    assert lines.power == [(0.0, 30.0, 0.5), (20.0, 40.0, 0.0)]


def test_a_file_that_ended_before_the_start_is_refused_or_its_last_value_holds_where_said(run_load, write):
    files = write("-40,10", "-20,20")
    with pytest.raises(InputError, match="no row lies within the run: it covers -40 s to 0 s"):
        a_replay().check(Span(files, 0.0, 100.0))

    seen = run_load(a_replay(outside="hold"), 100.0, files=files)

    assert seen.power == [(0.0, 20.0, 0.0)]


def test_rows_after_the_end_are_left_out(write):
    files = write("0,10", "50,20", "100,30", "150,40")

    assert a_replay().signal(Span(files, 0.0, 100.0)).time_s.tolist() == [0.0, 50.0]


def test_energy_of_a_trace_is_that_of_its_signal(write):
    files = write("0,10", "50,20", "100,0")

    assert a_replay().signal(Span(files, 0.0, 100.0)).integral() == pytest.approx(50 * 10 + 50 * 20)
    assert a_replay(interpolation="linear").signal(Span(files, 0.0, 100.0)).integral() == pytest.approx(750 + 500)


def test_columns_can_have_other_names(write):
    files = write("0,7", header="second,site_mw")

    assert a_replay(time_column="second", power_column="site_mw").signal(Span(files, 0.0, 10.0)).at(5.0) == 7.0


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["0,10", "60,-1"], ["power_mw", "row 2", "from 0 to 1,000,000 MW", "got -1"]),
        (["0,50000000"], ["power_mw", "row 1", "from 0 to 1,000,000 MW", "5e+07"]),
        (["0,10", "0,20"], ["time_s", "row 2", "'0'"]),
        (["0,10", "1e-9,20"], ["time_s", "row 2", "1e-06 s after"]),
        (["-1e308,10", "1e308,20"], ["time_s", "row 1", "1e+12 s of the start"]),
        (["0,"], ["power_mw", "row 1", "blank"]),
        (["0,nan"], ["power_mw", "row 1"]),
    ],
)
def test_check_refuses_a_bad_row_and_names_it(write, rows, words):
    with pytest.raises(InputError) as caught:
        a_replay().check(Span(write(*rows), 0.0, 100.0))

    for word in ["trace.csv", *words]:
        assert word in str(caught.value)


def test_check_refuses_a_missing_file_and_column(tmp_path, write):
    with pytest.raises(InputError, match="no such file"):
        a_replay().check(Span(Files([tmp_path]), 0.0, 100.0))
    with pytest.raises(InputError, match="power_kw"):
        a_replay().check(Span(write("0,1", header="time_s,power_kw"), 0.0, 100.0))


@pytest.mark.parametrize(
    ("rows", "spacing_s"), [(("0,1", "60,2", "120,1", "600,2"), 60.0), (("0,1", "0.5,2", "1,1"), 0.5)]
)
def test_the_spacing_of_rows_is_recorded(write, tmp_path, rows, spacing_s):
    write(*rows)
    trace = {"name": "trace", "type": "replay", "file": "trace.csv"}

    constants = run(a_scenario(tmp_path, loads=[trace], days=0.01)).recording.constants

    assert constants["load.trace.sample_spacing_s"] == spacing_s


def test_a_constant_trace_has_no_spacing(write, tmp_path):
    write("0,10")
    trace = {"name": "trace", "type": "replay", "file": "trace.csv"}

    constants = run(a_scenario(tmp_path, loads=[trace], days=0.01)).recording.constants

    assert "load.trace.sample_spacing_s" not in constants
