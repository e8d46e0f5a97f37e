"""The metrics of each shipped scenario, short, as they were when the model version was last raised.

``make golden`` writes them again; it refuses while results have moved and the model version stands.
"""

import json
import sys
from pathlib import Path
from typing import Any

from sim import load_scenario, run
from sim.simulation import MODEL_VERSION

WORK = {"event_count", "settle_count"}
"""How much work a run is; no result."""

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "golden.json"
DAYS = 0.5
NEEDS_DATA = {"helios-2024", "rockdale-like"}  # their files do not ship
SCENARIOS = sorted(path for path in (ROOT / "scenarios").glob("*.yaml") if path.stem not in NEEDS_DATA)


def measured(path: Path) -> dict[str, float | None]:
    """Return the metrics of a scenario's first half day; None where not assessable."""
    metrics = run(load_scenario(path, overrides={"days": DAYS})).metrics
    return {name: None if value != value else float(value) for name, value in metrics.items()}  # noqa: PLR0124


def stored() -> dict[str, Any]:
    """Return what was written last."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"model_version": 0, "metrics": {}}


def changes(before: dict[str, float | None], now: dict[str, float | None]) -> list[str]:
    """Return the metrics that are there in both and differ by more than a rounding error."""
    return [name for name, value in before.items() if name in now and name not in WORK and _differ(value, now[name])]


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > 1e-9 * max(1.0, abs(one), abs(other))


def main() -> int:
    """Write the golden metrics again."""
    before, now = stored(), {path.stem: measured(path) for path in SCENARIOS}
    moved = {name: changes(before["metrics"].get(name, {}), metrics) for name, metrics in now.items()}
    if any(moved.values()) and before["model_version"] == MODEL_VERSION:
        sys.stderr.write(f"results moved: {moved}\nraise MODEL_VERSION in sim/simulation.py first\n")
        return 1
    text = json.dumps({"model_version": MODEL_VERSION, "days": DAYS, "metrics": now}, indent=1, allow_nan=False)
    FILE.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
