import pytest

from sim.errors import InputError
from sim.market.network import FileFees, FixedFees
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files

DAY_S = 86_400.0
START_UTC_S = 1_767_225_600.0  # 2026-01-01T00:00Z
SUBSIDY = Signal.steps([0.0, DAY_S], [3.125, 1.5625], 2 * DAY_S)


def a_file(folder, *rows):
    (folder / "fees.csv").write_text("\n".join(["date_utc,fees_btc,blocks", *rows]) + "\n")
    return Files([folder])


def test_a_fixed_share_is_of_the_whole_reward():
    fees = FixedFees(fee_fraction=0.02).per_block_btc(Span(Files(()), START_UTC_S, 2 * DAY_S), SUBSIDY)
    assert fees.value / (fees.value + SUBSIDY.value) == pytest.approx([0.02, 0.02], rel=1e-12)


def test_a_file_of_days_gives_fees_over_blocks_a_day_late(tmp_path):
    files = a_file(tmp_path, "2025-12-31,7,140", "2026-01-01,12,120", "2026-01-02,15,150")
    spec = FileFees(file="fees.csv")
    span = Span(files, START_UTC_S, 2 * DAY_S)
    in_force = spec.per_block_btc(span, SUBSIDY)
    assert in_force.value.tolist() == [0.1, 0.1]
    assert spec.published(span, in_force).value.tolist() == [0.05, 0.1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-01-02,5,0", "column 'blocks', row 2: must be above 0, got 0"),
        ("2026-01-02,-5,100", "column 'fees_btc', row 2: must be from 0 to .* BTC, got -5"),
        ("2026-01-02,,100", "it is blank"),
    ],
)
def test_a_file_must_make_sense(tmp_path, row, message):
    files = a_file(tmp_path, "2026-01-01,12,120", row)
    with pytest.raises(InputError, match=message):
        FileFees(file="fees.csv").per_block_btc(Span(files, START_UTC_S, 2 * DAY_S), SUBSIDY)
