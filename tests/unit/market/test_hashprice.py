from pathlib import Path

import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.market.hashprice import BitcoinMarket, FileBitcoin, FixedBitcoin
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START_UTC_S = 1_704_067_200.0  # 2024-01-01T00:00Z


def signals_of(market: BitcoinMarket, files: Files, start_utc_s: float, end_s: float) -> tuple[Signal, Signal]:
    signals = market.signals(Span(files, start_utc_s, end_s))
    assert set(signals) == {"hashprice_usd_per_ph_day", "price_usd_per_btc"}
    return signals["hashprice_usd_per_ph_day"], signals["price_usd_per_btc"]


def bitcoin_file(folder: Path, rows: list[str]) -> Files:
    (folder / "btc.csv").write_text("\n".join(["date_utc,price_usd,hashprice_usd_ph_day", *rows]) + "\n")
    return Files([folder])


def test_fixed_values_hold_for_the_whole_run(tmp_path: Path) -> None:
    hashprice, price = signals_of(FixedBitcoin(hashprice_usd_per_ph_day=45.0), Files([tmp_path]), START_UTC_S, 100.0)

    assert (hashprice.mean(), hashprice.end_s) == (45.0, 100.0)
    assert (price.mean(), price.end_s) == (85_000.0, 100.0)


def test_a_file_of_days_is_read_in_its_two_columns(tmp_path: Path) -> None:
    files = bitcoin_file(tmp_path, ["2024-01-01,42000,80.5", "2024-01-02,43000,81.5"])

    hashprice, price = signals_of(FileBitcoin(file="btc.csv"), files, START_UTC_S + 0.5 * DAY_S, DAY_S)

    assert (hashprice.time_s.tolist(), hashprice.value.tolist()) == ([0.0, 43_200.0], [80.5, 81.5])
    assert (price.time_s.tolist(), price.value.tolist()) == ([0.0, 43_200.0], [42_000.0, 43_000.0])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "2024-01-02,43000,0",
            r"column 'hashprice_usd_ph_day', row 2: must be above 0 USD/\(PH/s\)/d, got 0",
        ),
        ("2024-01-02,-1,81", "column 'price_usd', row 2: must be above 0 USD/BTC, got -1"),
    ],
)
def test_values_must_be_above_zero(tmp_path: Path, row: str, message: str) -> None:
    files = bitcoin_file(tmp_path, ["2024-01-01,42000,80.5", row])

    with pytest.raises(InputError, match=message):
        signals_of(FileBitcoin(file="btc.csv"), files, START_UTC_S, 2 * DAY_S)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    files = bitcoin_file(tmp_path, ["2024-01-01,42000,80.5", "2024-01-02,43000,81"])

    with pytest.raises(InputError, match="no column 'hashprice'"):
        signals_of(FileBitcoin(file="btc.csv", hashprice_column="hashprice"), files, START_UTC_S, DAY_S)


@pytest.mark.parametrize("fields", [{"hashprice_usd_per_ph_day": 0.0}, {"pool_fee_fraction": 1.5}])
def test_a_wrong_value_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        FixedBitcoin(**fields)


def test_a_quoted_hashprice_is_paid_for_every_hash_less_the_fee():
    pool = FixedBitcoin(pool_fee_fraction=0.02).paid_by()
    assert (pool.pays_blocks, pool.fee_fraction, pool.stale_fraction) == (False, 0.02, 0.0)
