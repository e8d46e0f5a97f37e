"""A program of its own: puts a load trace into a test system of ANDES and writes what frequency does.

Run as ``python -I andes_program.py TASK.json ANSWER.json`` by an interpreter that has ANDES; nothing here
imports the rest of this project, and nothing of it imports this.

What ANDES would otherwise do in silence, and is prevented here:

- loads are constant impedance by default, and writing their power does nothing: the weights are set to
  constant power before initialisation, for all loads, as they are global
- bundled cases carry faults and line trips: all toggles are off
- the run may end early and still return true, or end well and return false: the time reached is reported
- a run leaves traces in its system: each run makes a new one
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import andes
import numpy as np

LOAD = "SITE"
MACHINES = ("GENROU", "GENCLS")
GOVERNORS = ("TGOV1", "TGOV1N")
"""Governors whose equations are those of the SFR model: droop, servo, reheater."""


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Return frequency over time for a task: case, bus, time_s, power_mw, reactive_per_mw, step_s."""
    andes.config_logger(stream_level=50)
    system = _system(task)
    found: dict[str, Any] = {"andes": str(andes.__version__), "model": _aggregated(system)}
    if not system.PFlow.run():
        return {**found, "failed": "the power flow of the test system with the site has no solution"}
    _simulate(system, task)
    if not np.size(system.dae.ts.x):
        return {**found, "failed": "the test system with the site cannot start: use a smaller --scale"}
    machines = [getattr(system, name) for name in MACHINES if getattr(system, name).n]
    columns = np.concatenate([np.asarray(machine.omega.a, dtype=int) for machine in machines])
    inertia_s = np.concatenate([np.asarray(machine.M.v) for machine in machines])
    speeds = system.config.freq * np.asarray(system.dae.ts.x)[:, columns]
    return {
        **found,
        "reached_s": float(system.dae.t),
        "time_s": np.asarray(system.dae.ts.t).tolist(),
        "centre_hz": (speeds @ inertia_s / inertia_s.sum()).tolist(),
        "lowest_machine_hz": speeds.min(axis=1).tolist(),
        "highest_machine_hz": speeds.max(axis=1).tolist(),
    }


def _system(task: dict[str, Any]) -> Any:
    """Return the test system with the site added, all loads of constant power."""
    system = andes.load(andes.get_case(task["case"]), setup=False, no_output=True, default_config=True)
    bus = list(system.Bus.idx.v).index(task["bus"])
    first_pu = task["power_mw"][0] / system.config.mva
    load = {"idx": LOAD, "bus": task["bus"], "Vn": float(system.Bus.Vn.v[bus])}
    system.add("PQ", load | {"p0": first_pu, "q0": first_pu * task["reactive_per_mw"]})
    system.setup()
    system.Toggle.u.v[:] = 0
    weights = system.PQ.config
    weights.p2p = weights.q2q = 1
    weights.p2i = weights.p2z = weights.q2i = weights.q2z = 0
    weights.pq2z = 0
    return system


def _simulate(system: Any, task: dict[str, Any]) -> None:
    """Run the system along the trace; before a step the load is set to that at its end."""
    times_s, powers_pu = np.array(task["time_s"]), np.array(task["power_mw"]) / system.config.mva
    place = system.PQ.idx2uid(LOAD)

    def follow(time_s: float, system: Any) -> None:
        power_pu = np.interp(float(time_s), times_s, powers_pu)
        system.PQ.Ppf.v[place] = power_pu
        system.PQ.Qpf.v[place] = power_pu * task["reactive_per_mw"]

    run = system.TDS
    run.config.tf, run.config.tstep, run.config.no_tqdm = float(times_s[-1]), task["step_s"], 1
    run.init()
    run.callpert = follow
    run.run(no_summary=True)


def _aggregated(system: Any) -> dict[str, Any]:
    """Return the machines and governors of a system as one: the parameters of the SFR model."""
    base_mva, nominal_hz = float(system.config.mva), float(system.config.freq)
    machines = [getattr(system, name) for name in MACHINES]
    inertia_s = sum(float(np.sum(machine.M.v)) for machine in machines if machine.n)
    damping = sum(float(np.sum(machine.D.v)) for machine in machines if machine.n)
    gains: defaultdict[tuple[float, float, float], float] = defaultdict(float)
    for governor in (getattr(system, name) for name in GOVERNORS):
        rows = zip(governor.R.v, governor.T1.v, governor.T2.v, governor.T3.v, strict=True) if governor.n else ()
        for droop, servo_s, lead_s, reheat_s in rows:
            gains[float(servo_s), float(lead_s), float(reheat_s)] += base_mva / (float(droop) * nominal_hz)
    return {
        "kinetic_mws": 0.5 * inertia_s * base_mva,
        "damping_mw_per_hz": damping * base_mva / nominal_hz,
        "nominal_hz": nominal_hz,
        "governors": [
            {
                "gain_mw_per_hz": gain,
                "servo_s": servo_s,
                "hp_fraction": lead_s / reheat_s if reheat_s > 0.0 else 1.0,
                "reheat_s": reheat_s,
            }
            for (servo_s, lead_s, reheat_s), gain in gains.items()
        ],
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(answer(json.loads(Path(sys.argv[1]).read_text()))))
