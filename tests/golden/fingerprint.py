"""What every shipped scenario leaves in its result folder, shortened, as one hash for each data file.

``make fingerprint`` prints ``SCENARIO FILE SHA256`` and compares with ``fingerprints.txt`` beside this file;
where a hash differs (another processor: the last bit of a power changes with it) the metrics must agree with
the golden ones. ``make fingerprint BASE=REV`` runs a revision and the working tree on this machine instead,
and asks for the same bytes.

Counts of events, settles and decisions are work and no result: they are left out.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "fingerprints.txt"
GOLDEN = HERE / "golden.json"
DATA = ROOT.parent / "shared" / "data"
NEEDS_DATA = {"helios-2024", "rockdale-like"}  # their files do not ship
DAYS = 0.5
LONGER = {
    "helios-year": 16.0,
    "llama3-405b": 9.0,
    "inference-early": 9.0,
    "energisation": 40.0,
    "conversion": 33.0,
}
"""Where half a day meets no month's end, no failure, no week [d]."""
SHORTER = {"island": 0.02}
GIT = shutil.which("git") or "git"
WORK = {"event_count", "settle_count", "decision_count"}
"""Counts of work: metrics, and ``run.NAME`` among the constants."""

Hashes = dict[tuple[str, str], str]


def hashes_of(scenario: str, root: Path, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Run one scenario of the tree that is imported, and yield each data file's name with its hash.

    Of the metrics those with these names count: one that is new moves no result.
    """
    from sim import load_scenario, run  # noqa: PLC0415  # of the tree that the caller chose
    from sim.result import write_result  # noqa: PLC0415  # same

    try:
        from sim.report.build import write_tables  # noqa: PLC0415  # same
    except ImportError:  # a tree in which the tables had a module of their own
        from sim.report.csv_tables import write_tables  # noqa: PLC0415  # same

    days = SHORTER.get(scenario, LONGER.get(scenario, DAYS))
    data = [DATA] if scenario in NEEDS_DATA else []
    loaded = load_scenario(root / "scenarios" / f"{scenario}.yaml", overrides={"days": days}, data=data)
    result = run(loaded)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_result(result, folder)
        if "price_usd_per_mwh" in result.recording.signals:
            write_tables(result.recording, folder)
        yield "scenario", _sha256((folder / "scenario.yaml").read_bytes())
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        counted = {name: one for name, one in metrics.items() if name in names and name not in WORK}
        yield "metrics", _sha256(_canonical(counted))
        yield "signals", _hash_of_signals(folder / "signals.parquet")
        yield "events", _hash_of_events(folder / "events.parquet")
        for table in ("ledger", "monthly"):
            if (folder / f"{table}.csv").exists():
                yield table, _sha256((folder / f"{table}.csv").read_bytes())


def _hash_of_signals(path: Path) -> str:
    from pyarrow import parquet  # noqa: PLC0415  # slow to import

    file = parquet.ParquetFile(path)
    facts = json.loads(file.schema_arrow.metadata[b"hashballast"])
    facts["constants"] = {
        name: value for name, value in facts["constants"].items() if name.removeprefix("run.") not in WORK
    }
    digest = hashlib.sha256(_canonical(facts))
    for group, name in enumerate(facts["signals"]):
        table = file.read_row_group(group)
        digest.update(name.encode())
        for column in ("time_s", "value", "slope_per_s"):
            digest.update(table[column].to_numpy().tobytes())
    return digest.hexdigest()


def _hash_of_events(path: Path) -> str:
    from pyarrow import parquet  # noqa: PLC0415  # slow to import

    return _sha256(_canonical(parquet.ParquetFile(path).read().to_pylist()))


def _canonical(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()  # in its order: that is part of the result


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fingerprints(root: Path, scenarios: Sequence[str], golden_file: Path = GOLDEN) -> Hashes:
    """Return the hash of each data file of each scenario, of the source tree at ``root``."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}

    def one(scenario: str) -> Hashes:
        command = [sys.executable, str(Path(__file__)), "--hash", scenario, "--root", str(root)]
        command += ["--golden", str(golden_file)]
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root, check=False)
        if answer.returncode:
            raise SystemExit(f"{scenario}: the run failed in {root}")
        return {(scenario, file): value for file, value in (line.split() for line in answer.stdout.splitlines())}

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return {key: value for hashes in pool.map(one, scenarios) for key, value in hashes.items()}


def shipped() -> list[str]:
    """Return the names of the scenarios that can be run here, and say which cannot."""
    names = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
    if DATA.is_dir():
        return names
    sys.stderr.write(f"left out, as their data do not ship: {', '.join(sorted(NEEDS_DATA))}\n")
    return [name for name in names if name not in NEEDS_DATA]


def known_names(scenario: str, golden_file: Path) -> Collection[str]:
    """Return the names of a scenario's golden metrics; of all scenarios' for one that has none stored."""
    stored_metrics = json.loads(golden_file.read_text(encoding="utf-8"))["metrics"]
    every = {name for metrics in stored_metrics.values() for name in metrics}
    return set(stored_metrics.get(scenario, every))


def differing(before: Hashes, now: Hashes) -> list[tuple[str, str]]:
    """Return scenario and file of each hash that is in one of both alone, or differs."""
    return [key for key in {**before, **now} if before.get(key) != now.get(key)]


def stored() -> Hashes:
    """Return the hashes that were written last."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {(scenario, file): value for scenario, file, value in (line.split() for line in lines)}


def as_text(hashes: Hashes) -> str:
    """Return the hashes as they are printed and stored."""
    return "".join(f"{scenario} {file} {value}\n" for (scenario, file), value in hashes.items())


def against_revision(revision: str, scenarios: Sequence[str]) -> int:
    """Run a revision and the working tree, and say which files differ; of metrics those of the revision."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        subprocess.run([GIT, "worktree", "add", "-q", "--detach", str(tree), revision], cwd=ROOT, check=True)
        try:
            known = tree / GOLDEN.relative_to(ROOT)
            there = [one for one in scenarios if (tree / "scenarios" / f"{one}.yaml").exists()]
            before, now = (fingerprints(root, there, known) for root in (tree, ROOT))
        finally:
            subprocess.run([GIT, "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)
    sys.stdout.write(as_text(now))
    moved = differing(before, now)
    for scenario, file in moved:
        sys.stderr.write(f"differs from {revision}: {scenario} {file}\n")
    return 1 if moved else 0


def against_stored(scenarios: Sequence[str], now: Hashes) -> int:
    """Compare with the committed hashes; where one differs, the golden metrics decide."""
    import golden  # noqa: PLC0415  # imports the simulator of the working tree

    before = {key: value for key, value in stored().items() if key[0] in scenarios}
    moved = sorted({scenario for scenario, _ in differing(before, now)})
    worse = []
    for scenario in moved:
        sys.stderr.write(f"other bytes than stored: {scenario}; comparing its metrics\n")
        known = golden.stored()["metrics"].get(scenario)
        path = ROOT / "scenarios" / f"{scenario}.yaml"
        if known is None or not path.exists() or golden.changes(known, golden.measured(path)):
            worse.append(scenario)
    for scenario in worse:
        sys.stderr.write(f"differs beyond a processor's last bit: {scenario}\n")
    return 1 if worse else 0


def main() -> int:
    """Print the fingerprints, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="revision to compare with, in place of the stored hashes")
    parser.add_argument("--only", nargs="*", help="names of scenarios")
    parser.add_argument("--against", type=Path, help="file of printed hashes to compare with")
    parser.add_argument("--write", action="store_true", help="store the hashes")
    parser.add_argument("--hash", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("--golden", type=Path, default=GOLDEN, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hash:
        for file, value in hashes_of(given.hash, given.root, known_names(given.hash, given.golden)):
            sys.stdout.write(f"{file} {value}\n")
        return 0
    scenarios = given.only or shipped()
    if given.base:
        return against_revision(given.base, scenarios)
    now = fingerprints(ROOT, scenarios)
    sys.stdout.write(as_text(now))
    if given.write:
        FILE.write_text(as_text(now), encoding="utf-8")
        return 0
    if given.against:
        lines = given.against.read_text(encoding="utf-8").splitlines()
        before = {(one, file): value for one, file, value in (line.split() for line in lines) if one in scenarios}
        moved = differing(before, now)
        sys.stderr.write("".join(f"differs: {scenario} {file}\n" for scenario, file in moved))
        return 1 if moved else 0
    return against_stored(scenarios, now)


if __name__ == "__main__":
    sys.exit(main())
