from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from sim.bitcoin import balanced_difficulty
from sim.errors import InputError
from sim.market.chain import Network
from sim.market.difficulty import Conversion, FileDifficulty, GrowthDifficulty, SimulatedDifficulty
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START = datetime(2026, 1, 1, tzinfo=UTC)
START_UTC_S = START.timestamp()
D_964 = float(balanced_difficulty(964.0))


def a_network(difficulty: SimulatedDifficulty, days: float) -> Network:
    return difficulty.network(Span(Files(()), START_UTC_S, days * DAY_S), 2016 * 460, lambda *_: 1.0)


def test_the_hash_rate_grows_by_its_rate_in_a_year():
    network = a_network(GrowthDifficulty(start_difficulty=D_964, annual_growth_ratio=0.40), 366.0)

    assert network.hashrate_eh_s.at(0.0) == pytest.approx(964.0, rel=1e-12)
    assert network.hashrate_eh_s.at(365.25 * DAY_S) == pytest.approx(964.0 * 1.4 ** (365 / 365.25), rel=1e-12)


def test_the_difficulty_trails_a_growing_hash_rate_by_about_an_epoch():
    network = a_network(GrowthDifficulty(start_difficulty=D_964, annual_growth_ratio=0.40), 366.0)

    fitting = balanced_difficulty(float(network.hashrate_eh_s.at(365.0 * DAY_S)))
    behind = fitting / network.difficulty.at(365.0 * DAY_S)
    assert 1.4 ** (6.0 / 365.25) < behind < 1.4 ** (22.0 / 365.25)


def test_a_hash_rate_that_the_difficulty_does_not_fit_may_be_given():
    network = a_network(GrowthDifficulty(start_difficulty=D_964, start_hashrate_eh_s=900.0), 30.0)

    assert network.hashrate_eh_s.value[0] == 900.0
    assert network.difficulty.time_s[1] == pytest.approx(14 * DAY_S * 964.0 / 900.0, rel=2e-3)


def test_a_gigawatt_converted_takes_its_hash_rate_off_the_network():
    conversion = Conversion(at=datetime(2026, 1, 11, tzinfo=UTC), mw=1000.0, efficiency_j_per_th=17.5)
    still = GrowthDifficulty(start_difficulty=D_964, annual_growth_ratio=0.0, conversions=(conversion,))

    network = a_network(still, 60.0)

    assert network.hashrate_eh_s.time_s.tolist()[-1] > 0.0
    assert network.hashrate_eh_s.at([9.9 * DAY_S, 10.0 * DAY_S]) == pytest.approx(
        [964.0, 964.0 - 1000.0 / 17.5], rel=1e-12
    )
    assert network.difficulty.value[-1] / D_964 == pytest.approx(1.0 - 0.0593, abs=1e-4)


def test_a_conversion_before_the_run_counts_from_its_start():
    conversion = Conversion(at=datetime(2025, 1, 1, tzinfo=UTC), mw=175.0)
    network = a_network(GrowthDifficulty(start_difficulty=D_964, conversions=(conversion,)), 1.0)

    assert network.hashrate_eh_s.value[0] == pytest.approx(954.0, rel=1e-12)


def test_the_whole_network_cannot_be_converted():
    conversion = Conversion(at=datetime(2026, 1, 2, tzinfo=UTC), mw=20_000.0)
    with pytest.raises(InputError, match="too much is converted"):
        a_network(GrowthDifficulty(start_difficulty=D_964, conversions=(conversion,)), 10.0)


def a_file(folder: Path, rows: list[str]) -> Files:
    (folder / "chain.csv").write_text("\n".join(["date_utc,difficulty,hashrate_eh_s", *rows]) + "\n")
    return Files([folder])


def read(files: Files, difficulty: FileDifficulty) -> Network:
    return difficulty.network(Span(files, START_UTC_S, 2 * DAY_S), None, lambda *_: 1.0)


def test_a_file_tells_difficulty_and_hash_rate(tmp_path):
    files = a_file(tmp_path, ["2026-01-01,1e14,700", "2026-01-02,1.1e14,800"])

    network = read(files, FileDifficulty(file="chain.csv", hashrate_column="hashrate_eh_s"))

    assert network.difficulty.value.tolist() == [1e14, 1.1e14]
    assert network.hashrate_eh_s.value.tolist() == [700.0, 800.0]


def test_without_a_column_the_hash_rate_is_what_the_difficulty_fits(tmp_path):
    files = a_file(tmp_path, [f"2026-01-01,{D_964},", f"2026-01-02,{2 * D_964},"])

    network = read(files, FileDifficulty(file="chain.csv"))

    assert network.hashrate_eh_s.value == pytest.approx([964.0, 1928.0], rel=1e-9)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-01-02,0,800", "column 'difficulty', row 2: must be above 0, got 0"),
        ("2026-01-02,1e14,-1", "column 'hashrate_eh_s', row 2: must be above 0 EH/s, got -1"),
    ],
)
def test_a_file_must_be_above_zero(tmp_path, row, message):
    files = a_file(tmp_path, ["2026-01-01,1e14,700", row])
    with pytest.raises(InputError, match=message):
        read(files, FileDifficulty(file="chain.csv", hashrate_column="hashrate_eh_s"))


@pytest.mark.parametrize(
    "fields", [{"start_difficulty": 0.0}, {"start_hashrate_eh_s": 0.0}, {"annual_growth_ratio": -1.0}]
)
def test_a_wrong_value_is_refused(fields):
    with pytest.raises(ValidationError):
        GrowthDifficulty(**fields)
