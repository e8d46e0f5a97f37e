"""A shadow of a site: it decides as the run would, keeps all of it, and goes on where it was stopped."""

import csv
import shutil
from pathlib import Path

import pytest

from sim.cli import main
from sim.engine.campus import Campus
from sim.errors import InputError, RunError
from sim.live import pace as pace_module
from sim.live.pace import WallPace, follow
from sim.live.shadow import Shadow, stated_mw
from sim.scenario import load_scenario
from sim.testing import a_scenario
from sim.whole import alone

REPLAYED = Path(__file__).parents[3] / "scenarios" / "data" / "replay-day.csv"
STALE_S = 4000.0


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def site_rows():
    """Return what the site of replay-day tells: each change of its AI power."""
    return [row.split(",")[:2] for row in REPLAYED.read_text().split()[1:]]


class Site:
    """A site that tells of itself in a file."""

    def __init__(self, path, columns=("time_s", "load.ai.power_mw")):
        self.path = path
        self.tell(columns)

    def tell(self, *rows, end="\n"):
        with self.path.open("a") as file:
            file.write("".join(",".join(map(str, row)) + end for row in rows))


@pytest.fixture
def site(tmp_path):
    (tmp_path / "kept").mkdir()
    return Site(tmp_path / "site.csv")


def a_shadow(site, scenario=None, stale_s=STALE_S, folder="kept"):
    scenario = scenario or load_scenario("replay-day")
    return Shadow(scenario, site.path, site.path.parent / folder, stale_s)


def decided(site, folder="kept"):
    return [
        (float(row["time_s"]), float(row["target_mw"])) for row in rows_of(site.path.parent / folder / "decisions.csv")
    ]


class Told:
    """Remembers what the policy of a run decides."""

    def __init__(self, inner):
        self._inner, self.decided = inner, []

    def decide(self, observation):
        decision = self._inner.decide(observation)
        self.decided.append((observation.time_s, decision.target_mw))
        return decision


def test_a_shadow_of_a_day_decides_as_the_simulated_day(site):
    scenario = load_scenario("replay-day")
    told = Told(scenario.policy.start())
    Campus(scenario, told).run()
    shadow = a_shadow(site)
    for row in site_rows():
        site.tell(row)
        shadow.step(float(row[0]) + 2.0)
    shadow.step(shadow.end_s)

    assert decided(site)[1:] == told.decided[1:]
    assert (decided(site)[0][1], shadow.refused_count, shadow.stale_count) == (told.decided[0][1], 0, 0)


@pytest.mark.parametrize("stop_at", [1, 7, 20])
@pytest.mark.parametrize("cut", [0, 5, 60, 100])
def test_a_stop_at_any_byte_doubles_and_loses_nothing(site, stop_at, cut):
    rows = site_rows()
    for kept in ("kept", "whole"):
        (site.path.parent / kept).mkdir(exist_ok=True)
    shadow, whole = a_shadow(site), a_shadow(site, folder="whole")
    for number, row in enumerate(rows):
        if number == stop_at:  # as kill -9 leaves it: a row half taken in, decisions not all written
            with (site.path.parent / "kept" / "inputs.csv").open("a") as file:
                file.write("99999.0,9")
            path = site.path.parent / "kept" / "decisions.csv"
            path.write_bytes(path.read_bytes()[: -cut or None])
            shadow = a_shadow(site)
        site.tell(row)
        for each in (shadow, whole):
            each.step(float(row[0]) + 2.0)
    assert decided(site) == decided(site, "whole")
    assert rows_of(site.path.parent / "kept" / "inputs.csv")[-1]["row_count"] == str(len(rows))


def test_what_was_missed_while_it_stood_still_is_taken_in_at_its_time(site):
    site.tell((0, 150.0))
    a_shadow(site).step(0.0)
    site.tell((100, 70.0), (200, 150.0))
    shadow = a_shadow(site)
    shadow.step(300.0)
    assert [row["time_s"] for row in rows_of(site.path.parent / "kept" / "inputs.csv")[1:]] == ["100.0", "200.0"]
    assert shadow.longest_late_s == 0.0


def test_silence_sheds_to_what_the_loads_state_and_a_row_gives_it_back(site):
    site.tell((0, 70.0))
    shadow = a_shadow(site, stale_s=10.0)
    shadow.step(5.0)
    assert decided(site)[-1][1] == 130.0
    shadow.step(11.0)
    assert shadow.is_stale
    assert decided(site)[-1] == (11.0, 50.0)  # the limit of 200 MW less the 150 MW that AI draws at the most
    site.tell((15, 71.0))
    shadow.step(16.0)
    assert decided(site)[-1] == (15.0, 129.0)
    assert (shadow.is_stale, shadow.stale_count) == (False, 1)


def test_a_row_that_comes_late_counts_when_it_comes_and_that_is_said(site):
    site.tell((0, 150.0))
    shadow = a_shadow(site)
    shadow.step(60.0)
    site.tell((50, 70.0))
    shadow.step(61.0)
    time_s, target_mw = decided(site)[-1]
    assert (target_mw, time_s) == (130.0, pytest.approx(60.0))
    assert time_s > 60.0
    assert shadow.longest_late_s == pytest.approx(10.0)


@pytest.mark.parametrize(
    "row", [("1",), ("1", ""), ("1", "x"), ("1", "-1"), ("1", "nan"), ("1", "inf"), ("nan", "1"), ("1e9", "1"), ()]
)
def test_a_row_that_is_not_sound_is_left_out_and_counted(site, row):
    site.tell((0, 150.0))
    shadow = a_shadow(site)
    shadow.step(0.5)
    site.tell(row)
    shadow.step(1.5)
    site.tell((2, 70.0))
    shadow.step(2.5)
    assert (shadow.refused_count, shadow.row_count) == (1, 3)
    assert decided(site)[-1] == (2.0, 130.0)


def test_a_line_that_has_not_ended_waits_and_a_row_counts_once(site):
    site.tell((0, 150.0))
    shadow = a_shadow(site)
    site.tell((1, "7"), end="")
    shadow.step(1.5)
    site.tell(("0.0",), (1, 70.0))
    shadow.step(2.5)
    assert (shadow.row_count, shadow.refused_count) == (3, 1)
    assert decided(site)[-1][1] == 130.0


def test_limit_and_price_come_in_and_times_by_the_clock(tmp_path):
    (tmp_path / "kept").mkdir()
    columns = ("time", "limit_mw", "note", "price_usd_per_mwh", "load.ai.power_mw")
    site = Site(tmp_path / "site.csv", columns)
    shadow = a_shadow(site, load_scenario("replay-day", overrides=["policy={type: price-threshold}"]))
    assert decided_mw(shadow, site, ("2026-01-01T00:00:10-06:00", 190, "", 40, 150)) == 40.0
    assert decided_mw(shadow, site, ("2026-01-01T06:00:20+00:00", 180, "", 40, 150)) == 30.0
    assert decided_mw(shadow, site, ("2026-01-01T06:00:30Z", 180, "", 5000, 150)) == 0.0
    assert shadow.refused_count == 0


def decided_mw(shadow, site, row):
    site.tell(row)
    shadow.step(shadow.time_s + 10.0)
    return decided(site)[-1][1]


def test_a_hall_is_read_at_its_meter_and_counts_as_all_that_its_loads_may_draw():
    stated = stated_mw(load_scenario("helios"))
    assert list(stated) == ["hall.liquid-hall.power_mw"]
    assert 130.0 < stated["hall.liquid-hall.power_mw"] < 133.0


def test_a_source_without_a_meters_column_is_refused(site):
    with pytest.raises(InputError, match=r"load.other.power_mw: there is no such column"):
        a_shadow(site, a_scenario(loads=[{"name": "other", "type": "training", "gpus": 800}]))


def test_a_policy_that_follows_frequency_is_refused(site):
    watching = type("Watching", (), {"watched_hz": (59.9,)})()
    with pytest.raises(InputError, match="follows the grid's frequency, which is not read live"):
        a_shadow(site, load_scenario("replay-day").model_copy(update={"policy": watching}))


def test_a_source_that_was_begun_anew_is_refused(site):
    site.tell(*((at_s, 150.0) for at_s in range(5)))
    shadow = a_shadow(site)
    shadow.step(5.0)
    site.path.write_text("time_s,load.ai.power_mw\n0,150.0\n")
    with pytest.raises(RunError, match="shorter than it was"):
        shadow.step(6.0)
    with pytest.raises(RunError, match="5 rows were read of the source; it has 1"):
        a_shadow(site)


def test_a_folder_in_which_something_else_was_decided_is_refused(site):
    site.tell((0, 150.0), (10, 70.0))
    a_shadow(site).step(20.0)
    with pytest.raises(RunError, match=r"decisions.csv, row 1: was '0.0,50.0,.*', is now '0.0,49.0,"):
        a_shadow(site, load_scenario("replay-day", overrides=["policy.margin_mw=1.0"]))


@pytest.mark.parametrize("name", ["inputs.csv", "decisions.csv"])
def test_a_file_of_other_columns_is_none_of_its_own(site, name):
    (site.path.parent / "kept" / name).write_text("a,b\n1,2\n")
    with pytest.raises(RunError, match="has the columns a, b; must be time_s, "):
        a_shadow(site)


class Walls:
    """A clock on the wall that a test sets."""

    def __init__(self):
        self.wall_s, self.even_s = 1000.0, 0.0

    def time(self):
        return self.wall_s

    def monotonic(self):
        return self.even_s

    def sleep(self, passed_s):
        self.wall_s += passed_s
        self.even_s += passed_s


@pytest.fixture
def walls(monkeypatch):
    walls = Walls()
    monkeypatch.setattr(pace_module, "time", walls)
    return walls


def test_a_pace_goes_on_over_a_stop_and_evenly_over_a_jump_of_the_clock(tmp_path, walls):
    pace = WallPace(tmp_path, "key", 10.0, 50.0)
    walls.sleep(3.0)
    assert pace.now_s() == 80.0
    walls.wall_s += 3600.0
    assert (pace.now_s(), pace.jump_count) == (80.0, 1)
    walls.wall_s -= 3600.0
    walls.sleep(1.0)
    assert (pace.now_s(), pace.jump_count) == (90.0, 2)
    walls.sleep(6.0)
    assert WallPace(tmp_path, "key", 10.0, 0.0).now_s() == 150.0
    with pytest.raises(RunError, match="is of another scenario or factor"):
        WallPace(tmp_path, "key", 11.0, 0.0)


def test_a_shadow_is_followed_to_its_end_and_a_stop_of_the_watch_is_told(site, walls):
    site.tell((0, 150.0))
    shadow = a_shadow(site)
    seen_s = []

    def tell(time_s):
        seen_s.append(time_s)
        if len(seen_s) == 10:
            walls.sleep(5.0)

    longest_s = follow(shadow, WallPace(site.path.parent / "kept", "key", 1000.0, 0.0), 0.5, tell)
    assert (seen_s[-1], longest_s) == (86_400.0, 5.5)


def test_the_command_follows_to_the_end_and_says_what_came(site, capsys):
    site.tell(*site_rows())
    folder = site.path.parent / "new" / "kept"
    options = ["--folder", str(folder), "--factor", "1e5", "--scan-s", "0.01", "--stale-s", "1e5"]
    with pytest.raises(SystemExit) as ending:
        main(["live", "replay-day", str(site.path), *options])
    assert ending.value.code in {0, None}
    told = capsys.readouterr()
    assert "rows were read" in told.out + told.err
    shutil.copytree(folder, site.path.parent / "again")
    again = a_shadow(site, folder="again")
    assert (again.time_s >= 85_000.0, again.row_count) == (True, len(site_rows()))


def test_two_programs_do_not_follow_into_one_folder(site, capsys):
    site.tell((0, 150.0))
    folder = site.path.parent / "kept"
    with alone(folder / "lock", ""), pytest.raises(SystemExit) as ending:
        main(["live", "replay-day", str(site.path), "--folder", str(folder)])
    assert ending.value.code == 2
    assert "kept: another program is at work in this folder" in capsys.readouterr().err


def test_a_command_that_has_nothing_to_read_yet_says_so(site, capsys, monkeypatch):
    first = iter([None, None, 0.0])
    monkeypatch.setattr(Shadow, "site_s", lambda _: next(first))
    options = ["--folder", str(site.path.parent / "kept"), "--factor", "1e5", "--scan-s", "0.01"]
    with pytest.raises(SystemExit):
        main(["live", "replay-day", str(site.path), *options])
    told = capsys.readouterr()
    assert f"waits for the first row of {site.path}" in told.out + told.err
    assert "times nothing came for too long" in told.out + told.err
