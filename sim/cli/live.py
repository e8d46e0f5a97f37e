"""Commands in step with the clock on the wall: the simulated plant as equipment."""

import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sim
from sim.cli.app import AllowPlugins, DataFolders, OutFolder, Overrides, app, find
from sim.cli.console import print_json, print_table, progress_bar, say
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.live.actuator import Actuator


@app.command()
def plant(
    scenario: str,
    modbus: str = "127.0.0.1:1502",
    factor: Annotated[float, typer.Option(min=1e-3, max=1e5)] = 1.0,
    scan_s: Annotated[float, typer.Option(min=0.05, max=3600.0)] = 1.0,
    overrides: Overrides = [],  # noqa: B006  # see run
    days: float | None = None,
    out: OutFolder = None,
    data: DataFolders = [],  # noqa: B006  # see run
    *,
    show_map: Annotated[bool, typer.Option("--map")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    beyond: Annotated[bool, typer.Option("--beyond-this-machine")] = False,
) -> None:
    """Serve a simulated campus over Modbus TCP: a controller outside steers its fleets by a set-point."""
    from sim.live.plant import Plant, Register  # noqa: PLC0415  # keeps --help fast

    given = [*overrides, *([f"days={days}"] if days is not None else [])]
    built = Plant(sim.load_scenario(find(scenario, "scenarios"), overrides=given, data=data), scan_s)
    if show_map:
        rows = [register._asdict() for register in built.registers()]
        if as_json:
            print_json({"modbus": modbus, "registers": rows})
        else:
            print_table(Register._fields, [[str(cell) for cell in row.values()] for row in rows])
        return
    host, port = _address(modbus, beyond=beyond)
    _require_modbus("--modbus")
    import asyncio  # noqa: PLC0415  # keeps --help fast

    from sim.cli.tables import print_run  # noqa: PLC0415
    from sim.live.modbus import PlantServer  # noqa: PLC0415
    from sim.report.build import publish  # noqa: PLC0415

    server = PlantServer(built, factor)

    def listening(port: int) -> None:
        say(f"listening at {host}:{port}; {factor:g} simulated seconds a second; --map lists registers")

    with progress_bar(f"serving {scenario}") as progress:
        asyncio.run(server.serve(host, port, listening, lambda time_s: progress(time_s / built.end_s)))
    result = built.result()
    print_run(result, None if out is None else publish(result, out, replaceable=False), as_json=as_json, every=False)
    if server.late_count:
        longest_s = f"{server.longest_late_s:.3g} s"
        say(f"warning: {server.late_count:,} scans came late, by {longest_s} at the most: lower --factor")
    if built.refused_count:
        say(f"warning: {built.refused_count:,} set-points were refused: below 0, or no number")


@app.command()
def live(
    scenario: str,
    source: Path,
    folder: Annotated[Path, typer.Option("--folder")],
    factor: Annotated[float, typer.Option(min=1e-3, max=1e5)] = 1.0,
    scan_s: Annotated[float, typer.Option(min=0.01, max=60.0)] = 0.5,
    stale_s: Annotated[float, typer.Option(min=0.1)] = 10.0,
    overrides: Overrides = [],  # noqa: B006  # see run
    data: DataFolders = [],  # noqa: B006  # see run
    actuate: Path | None = None,
    *,
    allow_plugins: AllowPlugins = False,
    beyond: Annotated[bool, typer.Option("--beyond-this-machine")] = False,
) -> None:
    """Follow a real site: its readings come in, the policy's decisions are kept, and sent only with --actuate."""
    from sim.live.pace import WallPace, follow  # noqa: PLC0415  # keeps --help fast
    from sim.live.shadow import Shadow  # noqa: PLC0415
    from sim.simulation import run_key  # noqa: PLC0415
    from sim.whole import alone  # noqa: PLC0415

    path = find(scenario, "scenarios")
    site = sim.load_scenario(path, overrides=overrides, data=data, allow_plugins=allow_plugins)
    actuator = None if actuate is None else _actuator(actuate, beyond=beyond)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "lock", f"{folder}: another program is at work in this folder"):
        shadow = Shadow(site, source, folder, stale_s)
        if shadow.row_count:
            say(f"goes on at {shadow.time_s:,.1f} s, after {shadow.row_count:,} rows")
        elif shadow.site_s() is None:
            say(f"waits for the first row of {source}")
        while (first_s := shadow.site_s()) is None and not shadow.row_count:
            time.sleep(scan_s)
        pace = WallPace(folder, run_key(site), factor, first_s or 0.0)
        try:
            with progress_bar(f"following {scenario}") as progress:

                def act(time_s: float) -> None:
                    progress(time_s / shadow.end_s)
                    if actuator is not None:
                        actuator.send(shadow.commanded_mw)

                longest_s = follow(shadow, pace, scan_s, act)
        finally:
            for count, what in (
                (shadow.row_count, "rows were read"),
                (shadow.refused_count, "were not sound, or not later than one before, and were left out"),
                (shadow.stale_count, "times nothing came for too long: AI counted as all that it states to draw"),
                (pace.jump_count, "times the clock on the wall jumped: time went on evenly"),
                (0 if actuator is None else actuator.failed_count, "set-points could not be written"),
            ):
                say(f"{count:,} {what}")
            say(f"a row came {shadow.longest_late_s:,.3g} s late at the most; decisions are in {folder}")
        if longest_s * factor > stale_s:
            say(f"warning: {longest_s:.3g} s went by on the wall without a look: lower --factor")


def _actuator(path: Path, *, beyond: bool) -> "Actuator":
    from sim.live.plant import permitted  # noqa: PLC0415  # keeps --help fast

    place, address = permitted(path)
    host, port = _address(place, beyond=beyond, option=f"--actuate {path}")
    _require_modbus("--actuate")
    from sim.live.actuator import Actuator  # noqa: PLC0415  # which needs it

    return Actuator(host, port, address)


def _require_modbus(option: str) -> None:
    if find_spec("pymodbus") is None:
        raise InputError.single(option, "", "needs pymodbus: pip install 'hashballast[live]'")


def _address(text: str, *, beyond: bool, option: str = "--modbus") -> tuple[str, int]:
    from sim.policies.http import is_loopback  # noqa: PLC0415  # keeps --help fast

    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65_536):  # noqa: PLR2004 -- so many ports there are
        raise InputError.single(option, "", f"must be HOST:PORT, got {text!r}")
    if not (beyond or is_loopback(host.strip("[]"))):
        raise InputError.single(option, "", f"{host} is not this machine alone; --beyond-this-machine allows it")
    return host.strip("[]"), int(port)
