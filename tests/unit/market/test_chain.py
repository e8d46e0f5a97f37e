from datetime import UTC, datetime

import pytest

from sim.bitcoin import balanced_difficulty
from sim.errors import InputError
from sim.market.chain import Network, Tip, height_at, simulate, subsidy_btc, subsidy_signal
from sim.signals import Signal

DAY_S = 86_400.0
EPOCH_S = 14.0 * DAY_S
D_1000 = float(balanced_difficulty(1000.0))  # fits 1000 EH/s


def steady(hashrate_eh_s: float, end_s: float) -> Signal:
    return Signal.constant(hashrate_eh_s, end_s)


def test_a_hash_rate_that_fits_finds_2016_blocks_in_14_days_and_keeps_its_difficulty():
    end_s = 10 * EPOCH_S
    network = simulate(Tip(0.0, D_1000, 2016 * 450), end_s, lambda _: steady(1000.0, end_s))

    assert network.difficulty.value == pytest.approx(D_1000, rel=1e-12)
    assert network.blocks_per_s().integral_between(0.0, EPOCH_S) == pytest.approx(2016.0, rel=1e-12)


@pytest.mark.parametrize("hashrate_eh_s", [700.0, 1000.0, 1900.0])
def test_at_any_steady_hash_rate_the_second_epoch_lasts_14_days(hashrate_eh_s):
    end_s = 60 * DAY_S
    network = simulate(Tip(0.0, D_1000, 0), end_s, lambda _: steady(hashrate_eh_s, end_s))

    first_s, second_s = network.difficulty.time_s[1:3]
    assert first_s == pytest.approx(EPOCH_S * 1000.0 / hashrate_eh_s, rel=1e-12)
    assert second_s - first_s == pytest.approx(EPOCH_S, rel=1e-12)
    assert network.difficulty.value[1] == pytest.approx(balanced_difficulty(hashrate_eh_s), rel=1e-12)


def test_the_difficulty_rises_at_most_fourfold_at_a_retarget():
    end_s = 20 * DAY_S
    network = simulate(Tip(0.0, D_1000, 0), end_s, lambda _: steady(10_000.0, end_s))

    assert network.difficulty.value[1] == pytest.approx(4.0 * D_1000, rel=1e-12)
    assert network.difficulty.value[2] == pytest.approx(10.0 * D_1000, rel=1e-12)


def test_an_epoch_in_progress_ends_when_its_missing_blocks_are_found():
    end_s = 20 * DAY_S
    network = simulate(Tip(0.0, D_1000, 2016 * 450 + 1512), end_s, lambda _: steady(2000.0, end_s))

    # 504 blocks are missing, one every five minutes; the others are taken to have come as fast
    assert network.difficulty.time_s[1] == pytest.approx(504 * 300.0, rel=1e-12)
    assert network.difficulty.value[1] == pytest.approx(2.0 * D_1000, rel=1e-12)


def test_a_hash_rate_that_doubles_in_mid_epoch_counts_from_then_on():
    end_s = 20 * DAY_S
    hashrate = Signal.steps([0.0, 7.0 * DAY_S], [1000.0, 2000.0], end_s)
    network = simulate(Tip(0.0, D_1000, 0), end_s, lambda _: hashrate)

    assert network.difficulty.time_s[1] == pytest.approx(10.5 * DAY_S, rel=1e-12)
    assert network.difficulty.value[1] == pytest.approx(D_1000 * 14.0 / 10.5, rel=1e-12)


def test_miners_are_asked_at_the_start_and_at_each_retarget():
    asked = []
    end_s = 30 * DAY_S

    def answer(tip: Tip) -> Signal:
        asked.append(tip.height)
        return steady(1000.0, end_s)

    simulate(Tip(0.0, D_1000, 2016 + 1000), end_s, answer)
    assert asked == [3016, 4032, 6048]


def test_a_network_without_hash_rate_is_refused():
    with pytest.raises(InputError, match="must stay above 0 EH/s"):
        simulate(Tip(0.0, D_1000, 0), DAY_S, lambda _: steady(0.0, DAY_S))


def test_the_subsidy_halves_at_its_block():
    end_s = 30 * DAY_S
    network = Network(steady(D_1000, end_s), steady(1000.0, end_s))  # a block in ten minutes

    subsidy = subsidy_signal(0.0, end_s, 1_050_000 - 144, network)

    assert subsidy.time_s.tolist() == pytest.approx([0.0, DAY_S], rel=1e-12)
    assert subsidy.value.tolist() == [3.125, 1.5625]


def test_past_halvings_of_the_real_chain_come_at_their_dates():
    start = datetime(2024, 4, 1, tzinfo=UTC).timestamp()
    halving = datetime(2024, 4, 20, 0, 9, tzinfo=UTC).timestamp()
    end_s = 30 * DAY_S
    network = Network(steady(D_1000, end_s), steady(500.0, end_s))  # far too slow to get there

    subsidy = subsidy_signal(start, end_s, None, network)

    assert subsidy.time_s.tolist() == [0.0, halving - start]
    assert subsidy.value.tolist() == [6.25, 3.125]


def test_the_next_halving_of_the_real_chain_comes_by_height():
    start = datetime(2028, 4, 1, tzinfo=UTC).timestamp()
    end_s = 30 * DAY_S
    network = Network(steady(D_1000, end_s), steady(1000.0, end_s))

    subsidy = subsidy_signal(start, end_s, None, network)

    missing = 1_050_000 - height_at(start)
    assert subsidy.time_s.tolist() == pytest.approx([0.0, missing * 600.0], rel=1e-12)
    assert subsidy.value.tolist() == [3.125, 1.5625]


@pytest.mark.parametrize(
    ("height", "btc"), [(0, 50.0), (209_999, 50.0), (210_000, 25.0), (839_999, 6.25), (1_050_000, 1.5625)]
)
def test_the_subsidy_follows_from_the_height(height, btc):
    assert subsidy_btc(height) == btc


def test_the_height_is_known_at_halvings_and_even_in_between():
    halving = datetime(2024, 4, 20, 0, 9, tzinfo=UTC).timestamp()
    following = datetime(2028, 4, 12, tzinfo=UTC).timestamp()
    assert height_at(halving) == 840_000
    assert height_at(0.5 * (halving + following)) == 945_000
    assert height_at(following + 6000.0) == 1_050_010
    assert height_at(0.0) == 0
