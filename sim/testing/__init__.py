"""For users' own tests: a check that every policy must pass, and small scenarios to start from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.scenario import Scenario, scenario_from
from sim.shipped import shipped
from sim.testing.policies import check_policy, observations

__all__ = ["a_scenario", "check_policy", "observations"]


def a_scenario(
    folder: Path | None = None,
    *,
    loads: Sequence[Mapping[str, Any]] = (),
    fleets: Sequence[Mapping[str, Any]] | None = None,
    limit_mw: float = 200.0,
    **fields: Any,
) -> Scenario:
    """Return a valid scenario of one day with one fleet, changed as wanted.

    Parameters
    ----------
    folder
        Folder of the data files that the loads name; left out: the current one.
    loads
        The loads, as in a scenario file; none unless given.
    fleets
        The fleets, as in a scenario file; left out: one, ``miners``, of 60 MW, with ramps of 1 MW/s up and
        5 MW/s down.
    limit_mw
        Limit of the interconnection [MW].
    **fields
        Any other field of a scenario: ``days``, ``policy``, ``market``.

    Returns
    -------
    Scenario
        Checked like one from a file.

    Raises
    ------
    InputError
        What was given makes no valid scenario.

    Examples
    --------
    >>> a_scenario(days=2.0).fleets[0].rated_mw
    60.0
    """
    given = {"interconnection": {"limit_mw": limit_mw}, "loads": list(loads), **fields}
    if fleets is not None:
        given["fleets"] = list(fleets)
    document = {**shipped("sim.testing", "a_scenario.json"), **given}
    return scenario_from(document, folder=Path() if folder is None else folder)
