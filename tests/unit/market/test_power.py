from datetime import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.market import MarketSpec
from sim.market.power import FilePowerPrice, FixedPowerPrice
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

HOUR_S = 3600.0
START_UTC_S = 1_704_067_200.0  # 2024-01-01T00:00Z


def price_file(folder: Path, rows: list[str], header: str = "time_utc,rt_usd_per_mwh") -> Files:
    (folder / "prices.csv").write_text("\n".join([header, *rows]) + "\n")
    return Files([folder])


def hourly(count: int, skip: tuple[int, ...] = ()) -> list[str]:
    return [
        f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z,{10 * hour}.5" for hour in range(count) if hour not in skip
    ]


def signal(files: Files, start_utc_s: float = START_UTC_S, end_s: float = 3 * HOUR_S, **fields: str) -> Signal:
    return FilePowerPrice(file="prices.csv", **fields).signal(Span(files, start_utc_s, end_s))


def test_a_fixed_price_holds_for_the_whole_run(tmp_path: Path) -> None:
    price = FixedPowerPrice(price_usd_per_mwh=-3.0).signal(Span(Files([tmp_path]), START_UTC_S, 100.0))

    assert (price.start_s, price.end_s, price.mean()) == (0.0, 100.0, -3.0)


def test_each_row_holds_from_its_time_to_the_next(tmp_path: Path) -> None:
    price = signal(price_file(tmp_path, hourly(3)))

    assert price.at([0.0, 3599.0, 3600.0, 10_000.0]).tolist() == [0.5, 0.5, 10.5, 20.5]
    assert (price.time_s.tolist(), price.end_s) == ([0.0, 3600.0, 7200.0], 10_800.0)


def test_a_run_may_start_and_end_inside_intervals(tmp_path: Path) -> None:
    price = signal(price_file(tmp_path, hourly(5)), START_UTC_S + 1.5 * HOUR_S, 1.75 * HOUR_S)

    assert price.time_s.tolist() == [0.0, 1800.0, 5400.0]
    assert price.value.tolist() == [10.5, 20.5, 30.5]


def test_the_last_interval_is_as_long_as_the_median_spacing(tmp_path: Path) -> None:
    files = price_file(tmp_path, hourly(3))

    assert signal(files, end_s=3 * HOUR_S).end_s == 3 * HOUR_S
    with pytest.raises(InputError, match="the run needs"):
        signal(files, end_s=3 * HOUR_S + 1.0)


def test_prices_may_be_negative(tmp_path: Path) -> None:
    files = price_file(tmp_path, ["2024-01-01T00:00Z,-20", "2024-01-01T01:00Z,5"])

    assert signal(files, end_s=HOUR_S).value.tolist() == [-20.0]


@pytest.mark.parametrize("start_h", [-1.0, 2.0])
def test_a_file_that_does_not_cover_the_run_is_refused_with_both_periods(tmp_path: Path, start_h: float) -> None:
    with pytest.raises(InputError) as error:
        signal(price_file(tmp_path, hourly(4)), START_UTC_S + start_h * HOUR_S)

    needed = {-1.0: "2023-12-31T23:00Z to 2024-01-01T02:00Z", 2.0: "2024-01-01T02:00Z to 2024-01-01T05:00Z"}
    assert str(error.value) == (
        f"prices.csv: covers 2024-01-01T00:00Z to 2024-01-01T04:00Z, the run needs {needed[start_h]}"
        "; outside: hold keeps the first and the last value"
    )


def test_a_hole_in_the_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no row for 2024-01-01T02:00Z to 2024-01-01T04:00Z;"):
        signal(price_file(tmp_path, hourly(8, skip=(2, 3))))


def test_a_run_may_not_start_in_a_hole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no row for 2024-01-01T02:00Z"):
        signal(price_file(tmp_path, hourly(8, skip=(2, 3))), START_UTC_S + 3.5 * HOUR_S, HOUR_S)


@pytest.mark.parametrize("start_h", [0.0, 4.0])
def test_a_hole_outside_the_run_does_no_harm(tmp_path: Path, start_h: float) -> None:
    price = signal(price_file(tmp_path, hourly(8, skip=(2, 3))), START_UTC_S + start_h * HOUR_S, 2 * HOUR_S)

    assert price.value.tolist() == [10 * start_h + 0.5, 10 * start_h + 10.5]


def test_a_blank_in_the_run_is_refused_and_outside_is_not(tmp_path: Path) -> None:
    files = price_file(tmp_path, ["2024-01-01T00:00Z,1", "2024-01-01T01:00Z,", "2024-01-01T02:00Z,3"])

    assert signal(files, end_s=HOUR_S).value.tolist() == [1.0]
    with pytest.raises(InputError, match="row 2"):
        signal(files, end_s=HOUR_S + 1.0)


def test_the_only_price_column_is_found(tmp_path: Path) -> None:
    files = price_file(tmp_path, ["2024-01-01T00:00Z,7,1", "2024-01-01T01:00Z,8,2"], "time_utc,load_mw,p_usd_per_mwh")

    assert signal(files, end_s=HOUR_S).value.tolist() == [1.0]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "time_utc,a_usd_per_mwh,b_usd_per_mwh",
            "several columns end in 'usd_per_mwh': a_usd_per_mwh, b_usd_per_mwh",
        ),
        (
            "time_utc,cost,load_mw",
            "no column ends in 'usd_per_mwh' or is called SPP, LMP or price: time_utc, ",
        ),
        ("time_utc,LMP,SPP", "or several are called SPP, LMP or price: LMP, SPP; name one as price_column"),
    ],
)
def test_an_ambiguous_price_column_is_refused_with_the_choices(tmp_path: Path, header: str, message: str) -> None:
    files = price_file(tmp_path, ["2024-01-01T00:00Z,7,1", "2024-01-01T01:00Z,8,2"], header)

    with pytest.raises(InputError, match=message):
        signal(files, end_s=HOUR_S)
    named = header.split(",")[1]
    assert signal(files, end_s=HOUR_S, price_column=named).value.tolist() == [7.0]


def test_one_row_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must have at least 2 rows, got 1"):
        signal(price_file(tmp_path, hourly(1)), end_s=60.0)


def test_a_market_is_described_by_type() -> None:
    spec = MarketSpec.model_validate(
        {
            "power": {"type": "file", "file": "a.csv", "publication_delay_s": 900.0},
            "bitcoin": {"type": "fixed"},
        }
    )

    assert spec.power == FilePowerPrice(file="a.csv", publication_delay_s=900.0)
    assert MarketSpec().power == FixedPowerPrice(price_usd_per_mwh=40.0)


@pytest.mark.parametrize(
    ("delay_s", "start", "expected"),
    [
        (0.0, "2026-01-01T01:00Z", [(0.0, 20.0), (3600.0, 30.0)]),
        (1800.0, "2026-01-01T01:00Z", [(0.0, 10.0), (1800.0, 20.0), (5400.0, 30.0)]),
        (
            5400.0,
            "2026-01-01T01:00Z",
            [(0.0, 10.0), (5400.0, 20.0)],
        ),  # the first row stands in
        (86_400.0, "2026-01-01T00:00Z", [(0.0, 10.0)]),
    ],
)
def test_a_price_is_published_late_and_read_from_before_the_run(tmp_path, delay_s, start, expected) -> None:
    rows = "".join(f"2026-01-01T{hour:02}:00Z,{10 * (hour + 1)}\n" for hour in range(4))
    (tmp_path / "p.csv").write_text(f"time_utc,usd_per_mwh\n{rows}")
    spec = FilePowerPrice(file="p.csv", publication_delay_s=delay_s)
    start_utc_s = datetime.fromisoformat(start).timestamp()

    span = Span(Files([tmp_path]), start_utc_s, 7200.0)
    seen = spec.published(span, spec.signal(span))

    assert list(zip(seen.time_s.tolist(), seen.value.tolist(), strict=True)) == expected
    assert seen.end_s == 7200.0


@pytest.mark.parametrize(
    "power",
    [
        {"type": "free"},
        {"type": "fixed", "price": 3.0},
        {"type": "fixed", "publication_delay_s": 3.0},
        {"type": "file"},
        {"type": "file", "file": ""},
        {"type": "file", "file": "a.csv", "publication_delay_s": -1.0},
        {"type": "synthetic", "spike_mean_usd_per_mwh": 75.0},
        {"type": "synthetic", "cap_usd_per_mwh": 20.0},
    ],
)
def test_a_wrong_description_is_refused(power: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MarketSpec.model_validate({"power": power})
