"""What is understood of a file, and that the lines to paste read it."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.tables.view import look, understood

START = datetime(2025, 1, 20, tzinfo=UTC)


def command(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


def scada(hole=range(200, 230)):
    """Return an hour of an export: titles, units below the header, bad rows, a hole, local times."""
    head = "Historian export,,\nSite: West,,\nTimestamp,AI Feeder Power,Quality\n,kW,\n"
    rows = []
    for row in range(720):
        if row not in hole:
            at = START + timedelta(seconds=5 * row)
            rows.append(f"{at:%d-%b-%y %H:%M:%S},{'Bad' if row == 17 else 40_000},x")
    return head + "\n".join(rows) + "\n"


def test_an_export_is_understood_and_its_lines_are_what_it_needs(tmp_path):
    (tmp_path / "week.csv").write_text(scada())
    view = look(tmp_path / "week.csv")
    assert view.kind == "load"
    assert view.faults == ()
    assert view.said == {
        "time_column": "Timestamp", "power_column": "AI Feeder Power", "time_zone": "UTC", "unit": "kw",
        "missing": ["Bad"], "max_gap_s": 150.0,
    }  # fmt: skip
    assert view.guessed == ("time_zone",)
    assert view.facts["spacing_s"] == 5.0
    assert view.facts["mean"] == pytest.approx(40.0)
    assert view.facts["holes_count"] == 2
    assert view.facts["filled_s"] == 155.0
    assert "    missing: [Bad]\n    max_gap_s: 150" in view.lines()


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("date_utc,difficulty_t\n2025-06-01,126\n2025-06-02,126\n", "network", {"unit": "difficulty_t"}),
        (
            "time_utc,price_usd_per_kwh\n2025-01-01T00:00Z,0.04\n2025-01-01T01:00Z,0.05\n",
            "price",
            {"unit": "usd_per_kwh"},
        ),
        ("time_utc,solar_mw\n2025-01-01T00:00Z,-0.2\n2025-01-01T01:00Z,3\n", "generation", {"clip": True}),
        ("time_min,power_mw\n0,1\n60,2\n", "load", {"time_format": "min"}),
        ("time_s,frequency_hz\n0,60\n10,59.9\n", "frequency", {}),
    ],
)  # fmt: skip
def test_what_a_file_holds_and_needs_is_told_from_its_columns(tmp_path, text, kind, said):
    (tmp_path / "x.csv").write_text(text)
    view = look(tmp_path / "x.csv")
    assert view.kind == kind
    assert view.faults == ()
    assert said.items() <= view.said.items()


def test_what_nothing_tells_is_asked_for(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="nothing tells what it holds: say --as, one of load, price"):
        look(tmp_path / "x.csv")


def test_the_command_prints_a_table_and_json(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("time_s,power_kw\n0,80000\n43200,60000\n")
    assert command("data", str(tmp_path / "x.csv"), "--as", "load") == 0
    printed = capsys.readouterr().out
    assert "unit: kw" in printed
    assert "1,680 MWh" in printed
    assert command("data", str(tmp_path / "x.csv"), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["said"]["unit"] == "kw"
    assert document["energy_mwh"] == pytest.approx(1680.0)


def test_a_file_that_cannot_be_mended_is_answered_with_the_cause(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("time_s,power_mw\n0,80\nx,60\n")
    assert command("data", str(tmp_path / "x.csv"), "--as", "load") == 2
    assert "column 'time_s', row 2: must be a finite number [s]; got 'x'" in "".join(capsys.readouterr())


def autumn(step_min):
    """Return three days of local stamps in Chicago, over the end of summer time."""
    first = datetime(2024, 11, 2, 5, tzinfo=UTC)
    times = (first + timedelta(minutes=step_min * row) for row in range(3 * 1440 // step_min))
    zone = ZoneInfo("America/Chicago")
    return "Time,power_kw\n" + "\n".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M},40000" for at in times) + "\n"


@pytest.mark.parametrize("step_min", [60, 15, 1])
def test_an_hour_that_clocks_show_twice_is_told_as_such_and_its_zone_cures_it(tmp_path, step_min, capsys):
    (tmp_path / "x.csv").write_text(autumn(step_min))
    assert command("data", tmp_path / "x.csv") == 2
    assert "if this hour comes twice as clocks go back, write time_zone" in capsys.readouterr().err
    assert command("data", tmp_path / "x.csv", "--set", "time_zone=America/Chicago", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["duplicates_count"], document["length_d"], document["guessed"]) == (0, 3.0, [])


def test_fields_of_a_file_may_be_said_and_are_checked(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("Zeit,A kW,B kW\n2025-01-01 00:00,1,5\n2025-01-01 01:00,2,5\n")
    known = ["--set", "time_column=Zeit", "--set", "time_zone=UTC", "--set", "power_column=B kW"]
    assert command("data", tmp_path / "x.csv", "--as", "load", *known, "--json") == 0
    assert json.loads(capsys.readouterr().out)["mean"] == pytest.approx(0.005)
    for wrong, said in (
        ("time_zon=UTC", "did you mean 'time_zone'"),
        ("duplicates=x", "Input should be 'refuse'"),
        ("time_column=Tag", "no column 'Tag'"),
    ):
        assert command("data", tmp_path / "x.csv", "--as", "load", "--set", wrong) == 2
        assert said in "".join(capsys.readouterr())


def test_rows_of_bad_quality_are_left_out_and_said(tmp_path):
    rows = "".join(f"{row},10,{'Bad' if 3 <= row < 6 else 'Good'}\n" for row in range(20))
    (tmp_path / "x.csv").write_text("time_s,Power,Quality\n" + rows)
    view = look(tmp_path / "x.csv", "load")
    assert view.said["where"] == {"Quality": "Good"}
    assert view.guessed == ("where",)
    assert (view.facts["holes_count"], view.facts["filled_s"]) == (1, 3.0)
    assert not view.facts["is_unit_told"]


def day(column, cells, time="Time"):
    return f"{time},{column}\n" + "".join(f"2025-01-06T{row:02}:00Z,{cell}\n" for row, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (day("Meter (kWh)", (10_000_000 + 40_000 * row for row in range(24))), "load", "readings of a meter"),
        (day("Grid import (MW)", (-40 - row for row in range(24))), "load", "counts the other way"),
        (day("Deviation (mHz)", range(24)), "frequency", "must be from 40 to 72 Hz"),
        (day("Load (%)", range(24)), "load", "is in percent by its name"),
        (day("Power (p.u.)", range(24)), "load", "is in pu by its name"),
        (day("Apparent Power (MVA)", range(24)), "load", "is in MVA by its name"),
        (day("Price", (f"({row})" if row == 3 else row for row in range(24))), "price", r"got '\(3\)'$"),
        (day("Price", (f"${row}.00" for row in range(24))), "price", r"got '\$0.00'$"),
        (day("Power (MW)", range(24)) + "Total,276\n", "load", "totals and remarks are no rows"),
        ("Date,Part,Price\n" + "".join(f"2025-01-0{1 + row // 24},{row % 24},{row}\n" for row in range(96)),
         "price", "rows of one time"),
    ],
)  # fmt: skip
def test_what_would_be_misread_is_not_understood(tmp_path, text, kind, said):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        understood(tmp_path / "x.csv", kind)


@pytest.mark.parametrize(
    ("text", "said", "guessed"),
    [
        (day("Power (MW)", (-9999 if row == 3 else 40 for row in range(24))),
         {"missing": ["-9999"], "max_gap_s": 3600.0}, ()),
        (day("Grid (MW),AI (MW)", (f"{row},{2 * row}" for row in range(24))),
         {"power_column": "Grid (MW)"}, ("power_column",)),
        ("Date,Power (MW)\n" + "".join(f"06/01/2025 {row:02}:00,{row}\n" for row in range(24)),
         {"time_zone": "UTC"}, ("time_format", "time_zone")),
        ("Time (EST),Power (MW)\n" + "".join(f"2025-01-06 {row:02}:00,{row}\n" for row in range(24)),
         {"time_zone": "Etc/GMT+5"}, ("time_zone",)),
        ("Time,Power (MW)\n" + "".join(f"{row / 24:.9f},1\n" for row in range(24)), {"time_format": "d"}, ()),
        ("Date,Time,MW\n" + "".join(f"2025-01-06,{row // 4}:{row % 4 * 15:02},1\n" for row in range(96)),
         {"time_column": "Date", "hour_column": "Time"}, ("time_zone",)),
        ("Date,Time,Power (MW)\n" + "".join(
            f"2025-01-06,{row % 12 or 12}:00 {'AP'[row // 12]}M,{row}\n" for row in range(24)
        ), {"hour_column": "Time"}, ("time_zone",)),
        ("Date,HE,LMP\n" + "".join(f"2025-01-06,{row + 1},{row}\n" for row in range(24)),
         {"hour_column": "HE"}, ("time_zone",)),
        ("Zeit;Leistung (MW)\n" + "".join(f"06.01.25 {row:02}:00;{row},5\n" for row in range(24)),
         {"time_column": "Zeit"}, ("time_zone",)),
    ],
)  # fmt: skip
def test_what_is_taken_for_known_is_told_as_a_guess(tmp_path, text, said, guessed):
    (tmp_path / "x.csv").write_text(text)
    view = understood(tmp_path / "x.csv")
    assert said.items() <= view.said.items()
    assert view.guessed == guessed
    assert view.facts["length_d"] == pytest.approx(1.0)
    spacing_s = view.facts["spacing_s"]
    assert view.time_s[1] - view.time_s[0] == pytest.approx(spacing_s)


@pytest.mark.parametrize(
    ("name", "text", "said", "mean"),
    [
        ("dcgm.csv", "Time,gpu,DCGM_FI_DEV_POWER_USAGE\n" + "".join(
            f"2025-01-06 00:00:{row:02},0,{300 + row}\n" for row in range(10)
        ), {"unit": "w"}, 304.5e-6),
        ("ptd.txt", "".join(
            f"Time,01-16-2025 00:00:{row:02}.000,Watts,{300 + row}.5,Volts,230.1,Amps,1.3,PF,0.98,Mark,run\n"
            for row in range(10)
        ), {"power_column": "Watts", "unit": "w"}, 305e-6),
        ("smi.csv", "timestamp, power.draw [W]\n" + "".join(
            f"2025/01/16 00:00:{row:02}.000, {300 + row}.50 W\n" for row in range(10)
        ), {}, 305e-6),
    ],
)  # fmt: skip
def test_power_logs_of_machines_are_read_in_watts(tmp_path, name, text, said, mean):
    (tmp_path / name).write_text(text)
    view = understood(tmp_path / name, "load")
    assert said.items() <= view.said.items()
    assert view.facts["mean"] == pytest.approx(mean)


def test_a_log_of_several_machines_asks_which(tmp_path):
    rows = "".join(f"{1_736_121_600 + row},{gpu},{300 + row}\n" for row in range(10) for gpu in range(2))
    (tmp_path / "x.csv").write_text("timestamp,gpu,DCGM_FI_DEV_POWER_USAGE\n" + rows)
    with pytest.raises(InputError, match="choose rows with where, by gpu"):
        understood(tmp_path / "x.csv", "load")
    assert understood(tmp_path / "x.csv", "load", {"where": {"gpu": 1}}).facts["mean"] == pytest.approx(304.5e-6)


def test_frames_of_gridstatus_ask_for_their_place(tmp_path):
    rows = [(START + timedelta(hours=row), place, 40 + row) for row in range(6) for place in ("HB_WEST", "HB_N")]
    text = "Interval Start,Interval End,Location,Market,LMP\n" + "".join(
        f"{at},{at + timedelta(hours=1)},{place},DAM,{lmp}\n" for at, place, lmp in rows
    )
    (tmp_path / "x.csv").write_text(text)
    view = understood(tmp_path / "x.csv")
    assert (view.said["location"], view.guessed) == ("HB_WEST", ("location",))
    assert (view.facts["duplicates_count"], view.facts["mean"]) == (0, pytest.approx(42.5))


YEAR = [datetime(2023, 1, 1) + timedelta(hours=row) for row in range(8760)]  # noqa: DTZ001  # local standard


@pytest.mark.parametrize(
    ("name", "head", "row", "at_1h"),
    [
        ("x.epw", "LOCATION\n" * 8, "{0:1990,%-m,%-d},{1},60,?9,{2:.2f},0.0" + ",0" * 27, 0.0),
        ("tmy3.csv", "725300,CHICAGO\nDate (MM/DD/YYYY),Time (HH:MM),Dry-bulb (C)\n",
         "{0:%m/%d/1990},{1:02}:00,{2:.2f}", 0.0),
        ("psm3.csv", "Source,Time Zone\nNSRDB,-6\nYear,Month,Day,Hour,Minute,Temperature\n",
         "{0:2023,%-m,%-d,%-H},30,{2:.3f}", 0.0025),
        ("pvgis.csv", "Latitude: 41.9\n\ntime(UTC),T2m,RH\n", "{0:%Y%m%d:%H}00,{2:.3f},60", 0.005),
    ],
)  # fmt: skip
def test_years_of_weather_are_read_by_their_own_hours(tmp_path, name, head, row, at_1h):
    rows = "\n".join(row.format(at, at.hour + 1, place / 200) for place, at in enumerate(YEAR))
    (tmp_path / name).write_text(head + rows + "\n")
    assert look(tmp_path / name, "weather").values[1] == pytest.approx(at_1h)
