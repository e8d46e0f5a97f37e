import json
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.scenario import Scenario, apply_override, json_schema, load_scenario, moved, resolve, scenario_from
from sim.scenario.load import MOVED


def test_a_file_gives_a_scenario(helios: Path) -> None:
    scenario = load_scenario(helios)

    assert isinstance(scenario, Scenario)
    assert scenario.name == "helios"
    assert scenario.interconnection.limit_mw == 200.0
    assert [fleet.rated_mw for fleet in scenario.fleets] == [60.0]
    assert scenario.start_utc_s == 1767247200.0
    assert scenario.end_s == 86400.0


def test_a_scenario_knows_the_content_of_its_files(helios: Path) -> None:
    scenario = load_scenario(helios)

    assert set(scenario.files.digests()) == {"trace.csv"}
    assert scenario.files.table("trace.csv").numbers("power_mw").tolist() == [100.0, 50.0, 80.0]


def test_files_may_lie_in_a_data_folder(helios: Path) -> None:
    Path("data").mkdir()
    Path("trace.csv").rename("data/trace.csv")

    scenario = load_scenario(helios, data=["data"])

    assert scenario.files.table("trace.csv").row_count == 3


def test_files_lie_beside_the_scenario_wherever_we_stand(helios: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = helios.resolve()
    monkeypatch.chdir("/")

    assert load_scenario(whole).name == "helios"


def test_a_file_saved_with_a_byte_order_mark_and_windows_lines_loads(helios: Path) -> None:
    helios.write_bytes(b"\xef\xbb\xbf" + helios.read_bytes().replace(b"\n", b"\r\n"))

    assert load_scenario(helios).days == 1.0


def test_two_loads_of_one_file_are_equal_and_travel(helios: Path) -> None:
    scenario = load_scenario(helios)

    sent = pickle.loads(pickle.dumps(scenario))  # noqa: S301  # our own bytes

    assert sent == scenario == load_scenario(helios)
    assert sent.files.table("trace.csv").row_count == 3


def test_resolving_and_describing_again_gives_the_same_scenario(helios: Path) -> None:
    content = resolve(helios)

    assert content["fleets"][0]["rated_mw"] == 60
    assert scenario_from(content, folder=helios.parent) == load_scenario(helios)


def test_what_a_scenario_dumps_describes_it(helios: Path) -> None:
    scenario = load_scenario(helios)

    assert scenario_from(scenario.model_dump(mode="json"), folder=helios.parent) == scenario
    assert scenario_from(scenario.model_dump(), folder=helios.parent) == scenario


def test_python_data_may_hold_numpy_numbers_and_tuples(helios: Path) -> None:
    content = resolve(helios) | {"days": np.float32(0.5), "seed": np.int64(7)}

    scenario = scenario_from(content | {"fleets": tuple(content["fleets"])}, folder=helios.parent)

    assert (scenario.days, scenario.seed) == (0.5, 7)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"days": -1}, "<python> days: must be above 0 d, got -1 d"),
        ({"days": Path("x")}, "<python> days: must be a mapping, a list, text, a number,"),
        ({"name": "\ud800"}, "<python> name: holds half of a surrogate pair"),
        ({"\ud800": 1}, "<python>: holds half of a surrogate pair"),
        ({"schema_version": 3}, "<python> schema_version: version 3 is not supported; supported: 1 or 2"),
        ({"seed": 10**400}, "<python> seed: must be"),
        ({"days": float("nan")}, "<python> days: must be a finite number [d], got nan"),
    ],
)
def test_python_data_have_the_same_faults(helios: Path, change: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError) as error:
        scenario_from(resolve(helios) | change, folder=helios.parent)

    assert str(error.value).startswith(fault)


def test_data_inside_themselves_are_refused() -> None:
    content: dict[str, Any] = {}
    content["loads"] = [content]

    with pytest.raises(InputError, match="more than 24 mappings and lists in one another"):
        scenario_from(content)


def test_one_field_of_plain_data_can_be_set_and_the_data_stay_as_they_were(helios: Path) -> None:
    content = resolve(helios)

    changed = apply_override(content, "fleet.rated_mw", 80.0)

    assert changed["fleets"][0]["rated_mw"] == 80.0
    assert content["fleets"][0]["rated_mw"] == 60


def test_a_small_scenario_loads_in_a_moment(helios: Path) -> None:
    load_scenario(helios)
    took_s = []
    for _ in range(5):
        began_s = time.perf_counter()
        load_scenario(helios)
        took_s.append(time.perf_counter() - began_s)

    assert min(took_s) < 0.06


def test_loading_runs_no_code_of_the_file_and_needs_no_pandas(helios: Path) -> None:
    code = (
        f"import sys; from sim.scenario import load_scenario; load_scenario({str(helios)!r}); "
        "sys.exit(bool({'pandas', 'matplotlib', 'scipy', 'pyarrow.compute'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_field_whose_meaning_moved_is_one_that_there_is():
    known = json.dumps(json_schema())
    for one in MOVED:
        assert f'"{one["field"].rpartition(".")[2]}"' in known


@pytest.mark.parametrize("path", sorted(Path("scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_are_written_for_what_fields_mean_now(path):
    assert resolve(path)["schema_version"] == 2
    assert moved({**resolve(path), "schema_version": 2}) == []
