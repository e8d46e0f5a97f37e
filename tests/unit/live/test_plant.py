"""The simulated plant: what is read is what is recorded, what is written is what the fleets follow."""

import asyncio
import importlib.util
import json
import struct
import threading
import time
from contextlib import contextmanager
from math import ceil, inf, nan
from pathlib import Path

import pytest

from sim.cli import main
from sim.engine.campus import Campus
from sim.errors import InputError
from sim.live.plant import SETPOINT, Plant, permitted
from sim.live.shadow import Shadow
from sim.policies import Decision
from sim.scenario import load_scenario
from sim.testing import a_scenario

needs_modbus = pytest.mark.skipif(importlib.util.find_spec("pymodbus") is None, reason="pymodbus is not installed")
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
TRAINING = {"name": "llm", "type": "training", "gpus": 8000, "power_mw": 60.0, "failures": {"per_job_hour": 5.0}}


def a_site(**fields):
    return a_scenario(loads=[TRAINING], days=0.01, **fields)


class Steps:
    """The same set-points as a policy inside the run: what was written when the scan began that now ends."""

    def decide(self, observation):
        written_s = max(0, ceil(observation.time_s) - 1)
        return Decision(10.0 * (written_s // 10 % 5), "set-point", observation.time_s + 1.0)


def test_a_plant_steered_step_by_step_is_the_run_with_a_policy_that_does_the_same():
    plant = Plant(a_site())
    while plant.time_s < plant.end_s:
        plant.write(10.0 * (plant.time_s // 10.0 % 5))
        plant.step()
    inside = Campus(a_site(), Steps()).run()
    outside = plant.result().recording

    for name in ("fleet_power_mw", "ai_power_mw", "site_power_mw"):
        assert outside[name].time_s.tolist() == inside[name].time_s.tolist()
        assert outside[name].value.tolist() == inside[name].value.tolist()


def test_what_is_read_is_what_the_recording_holds_at_that_moment():
    plant, read = Plant(a_site(), scan_s=7.0), []
    while plant.time_s < plant.end_s:
        read.append(dict(plant.values))
        plant.step()
    recording = plant.result().recording
    assert read[0].keys() >= {
        "time_s",
        "site_power_mw",
        "ai_power_mw",
        "limit_mw",
        "price_usd_per_mwh",
        "load.llm.power_mw",
    }
    for values in read[::13]:
        for name in ("site_power_mw", "ai_power_mw", "fleet_power_mw"):
            end = recording[name].clip_time(values["time_s"] - 1.0, values["time_s"])
            assert values[name] == pytest.approx(float(end.at(end.end_s)), abs=1e-9)


@pytest.mark.parametrize("value", [-1.0, nan, inf])
def test_a_setpoint_that_no_fleet_can_follow_is_refused_and_the_last_one_stands(value):
    plant = Plant(a_site())
    assert plant.write(5.0)
    assert not plant.write(value)
    assert (plant.setpoint_mw, plant.refused_count) == (5.0, 1)


def test_the_map_names_every_value_with_unit_and_sense():
    registers = Plant(load_scenario("summer-hall")).registers()
    assert (registers[0].address, registers[0].name, registers[0].access) == (0, SETPOINT, "write")
    assert [register.address for register in registers[1:]] == [100 + 2 * place for place in range(len(registers) - 1)]
    assert all(register.summary and register.unit for register in registers)


def test_a_result_of_a_plant_claims_nothing_and_has_a_key_of_its_own():
    first, second = (Plant(a_site(policy={"type": "hold-limit"})) for _ in range(2))
    results = []
    for plant in (first, second):
        while plant.time_s < plant.end_s:
            plant.step()
        results.append(plant.result())
    assert results[0].certificate is None
    assert results[0].provenance["run_key"] != results[1].provenance["run_key"]
    assert results[0].scenario.model_dump(mode="json")["policy"] == {"type": "set-point", "scan_s": 1.0}


def test_a_site_without_a_fleet_has_nothing_to_steer():
    with pytest.raises(InputError, match="a controller needs a fleet to steer; there is none"):
        Plant(a_scenario(fleets=[]))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1", "must be HOST:PORT, got '127.0.0.1'"),
        ("127.0.0.1:99999", "must be HOST:PORT"),
        ("0.0.0.0:1502", "0.0.0.0 is not this machine alone; --beyond-this-machine allows it"),
        ("plant:1502", "plant is not this machine alone"),
    ],
)
def test_an_address_is_checked_before_anything_is_served(address, message, capsys):
    with pytest.raises(SystemExit) as ending:
        main(["plant", "replay-day", "--days", "0.01", "--modbus", address])
    assert ending.value.code == 2
    assert message in capsys.readouterr().err


def test_the_map_is_printed_without_a_server(capsys):
    with pytest.raises(SystemExit):
        main(["plant", "replay-day", "--map", "--json"])
    told = json.loads(capsys.readouterr().out)
    registers = told["registers"]
    assert told["modbus"] == "127.0.0.1:1502"
    assert registers[0] == {
        "address": 0,
        "name": "setpoint_mw",
        "unit": "MW",
        "access": "write",
        "summary": "Power that the fleets are to draw together, by the next scan",
    }


@contextmanager
def serving(plant, factor):
    """Serve a plant in a thread; yields the port, and joins the server at the end."""
    from sim.live.modbus import PlantServer  # noqa: PLC0415  # which may not be installed

    server, port, ready = PlantServer(plant, factor), [], threading.Event()

    def listening(number):
        port.append(number)
        ready.set()

    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve("127.0.0.1", 0, listening, lambda _: None)), daemon=True
    )
    thread.start()
    assert ready.wait(5.0)
    yield port[0]
    thread.join(30.0)
    assert not thread.is_alive()


@needs_modbus
def test_registers_are_read_written_and_refused_over_the_wire():
    from pymodbus.client import ModbusTcpClient  # noqa: PLC0415  # see above

    plant = Plant(a_site())
    with serving(plant, factor=400.0) as port, ModbusTcpClient("127.0.0.1", port=port) as client:
        words = list(struct.unpack(">2H", struct.pack(">f", 12.5)))
        assert not client.write_registers(0, words).isError()
        assert client.read_holding_registers(0, count=2).registers == words
        below = list(struct.unpack(">2H", struct.pack(">f", -1.0)))
        assert client.write_registers(0, below).exception_code == 3
        assert client.write_registers(0, words[:1]).exception_code == 2
        assert client.write_registers(100, words).exception_code == 2
        assert client.read_input_registers(100 + 2 * len(plant.values), count=2).exception_code == 2
        names = [register.name for register in plant.registers()[1:]]
        read = client.read_input_registers(100, count=2 * len(names)).registers
        values = dict(zip(names, struct.unpack(f">{len(names)}f", struct.pack(f">{len(read)}H", *read)), strict=True))
        assert values["limit_mw"] == 200.0
        assert 0.0 < values["time_s"] < plant.end_s
    assert plant.refused_count == 1
    assert plant.result().recording["fleet_target_mw"].maximum() == 12.5


def an_example(name):
    """Return an example of at most 40 lines that does not know this project."""
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert "sim" not in {
        word for line in source.splitlines() if line.startswith(("import", "from")) for word in line.split()
    }
    assert len([line for line in source.splitlines() if line.strip()]) <= 40
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


@needs_modbus
def test_what_the_example_logger_writes_of_a_plant_is_what_a_shadow_reads(tmp_path):
    from pymodbus import ModbusException  # noqa: PLC0415  # see above
    from pymodbus.client import ModbusTcpClient  # noqa: PLC0415

    example, scenario = an_example("plant_logger"), load_scenario("helios", overrides=["days=0.01"])
    plant, path = Plant(scenario, scan_s=10.0), tmp_path / "site.csv"
    registers = [register._asdict() for register in plant.registers()]
    with (
        serving(plant, factor=400.0) as port,
        ModbusTcpClient("127.0.0.1", port=port, retries=0) as client,
        pytest.raises((ModbusException, AttributeError, OSError)),
    ):
        example.log(client, registers, path, 0.001)
    shadow = Shadow(scenario, path, tmp_path, stale_s=60.0)
    shadow.step(shadow.site_s())
    assert shadow.row_count > 20
    assert (shadow.refused_count, shadow.longest_late_s) == (0, 0.0)


@needs_modbus
def test_the_example_controller_holds_the_limit_without_knowing_the_project():
    from pymodbus import ModbusException  # noqa: PLC0415  # see above
    from pymodbus.client import ModbusTcpClient  # noqa: PLC0415

    example = an_example("plant_controller")
    plant = Plant(load_scenario("helios", overrides=["days=0.02"]))
    registers = [register._asdict() for register in plant.registers()]
    with (
        serving(plant, factor=400.0) as port,
        ModbusTcpClient("127.0.0.1", port=port, retries=0) as client,
        pytest.raises((ModbusException, AttributeError, OSError)),
    ):
        example.control(client, registers, 130.0)
    result = plant.result()
    assert result.metrics["exceedance_count"] == 0.0
    assert result.metrics["fillable_soaked_fraction"] > 0.3


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"modbus": "127.0.0.1:1502"}',
        '{"registers": [{"name": "setpoint_mw", "access": "write", "address": 0}]}',
        '{"modbus": "127.0.0.1:1502", "registers": [{"name": "setpoint_mw", "access": "read", "address": 0}]}',
        '{"modbus": "127.0.0.1:1502", "registers": [{"name": "limit_mw", "access": "write", "address": 0}]}',
    ],
)
def test_a_map_that_does_not_let_the_set_point_be_written_is_refused(text, tmp_path):
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is no map with 'modbus' and a register setpoint_mw to write"):
        permitted(path)


@needs_modbus
def test_a_set_point_is_written_again_and_again_and_lost_ones_are_counted():
    from sim.live.actuator import Actuator  # noqa: PLC0415  # see above

    plant = Plant(a_site())
    with serving(plant, factor=400.0) as port:
        actuator = Actuator("127.0.0.1", port, 0)
        actuator.send(12.5)
        assert (plant.setpoint_mw, actuator.failed_count) == (12.5, 0)
        plant.write(0.0)  # as after a start of the equipment
        actuator.send(12.5)
        assert plant.setpoint_mw == 12.5
        actuator.send(-1.0)
        assert (plant.setpoint_mw, actuator.failed_count) == (12.5, 1)
        actuator.send(13.0)
        assert (plant.setpoint_mw, actuator.failed_count) == (13.0, 1)
    actuator.send(14.0)  # nobody is there any more
    assert (plant.setpoint_mw, actuator.failed_count) == (13.0, 2)
    actuator.close()


@needs_modbus
def test_the_command_steers_a_plant_from_its_readings_and_holds_the_limit(tmp_path):
    from pymodbus import ModbusException  # noqa: PLC0415  # see above
    from pymodbus.client import ModbusTcpClient  # noqa: PLC0415

    example, scenario = an_example("plant_logger"), load_scenario("helios", overrides=["days=0.02"])
    plant, source, folder = Plant(scenario), tmp_path / "site.csv", tmp_path / "kept"
    registers = [register._asdict() for register in plant.registers()]
    with serving(plant, factor=200.0) as port, ModbusTcpClient("127.0.0.1", port=port, retries=0) as client:
        allowed = tmp_path / "map.json"
        allowed.write_text(json.dumps({"modbus": f"127.0.0.1:{port}", "registers": registers}))

        def logged():
            with pytest.raises((ModbusException, AttributeError, OSError)):
                example.log(client, registers, source, 0.001)

        logger = threading.Thread(target=logged, daemon=True)
        logger.start()
        while not source.exists() or source.stat().st_size < 5000:
            time.sleep(0.01)
        options = ["--folder", str(folder), "--factor", "200", "--scan-s", "0.01", "--actuate", str(allowed)]
        with pytest.raises(SystemExit) as ending:
            main(["live", "helios", str(source), *options, "--set", "days=0.02", "--stale-s", "60"])
        logger.join(30.0)
    assert ending.value.code in {0, None}
    result = plant.result()
    assert result.metrics["exceedance_count"] == 0.0
    assert result.metrics["fillable_soaked_fraction"] > 0.3


def test_equipment_on_another_machine_is_written_to_only_where_that_is_said(tmp_path, capsys):
    path = tmp_path / "map.json"
    register = {"name": "setpoint_mw", "access": "write", "address": 0}
    path.write_text(json.dumps({"modbus": "10.0.0.1:502", "registers": [register]}))
    with pytest.raises(SystemExit) as ending:
        main(["live", "replay-day", str(path), "--folder", str(tmp_path / "kept"), "--actuate", str(path)])
    assert ending.value.code == 2
    assert "10.0.0.1 is not this machine alone" in capsys.readouterr().err
