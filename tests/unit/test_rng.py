import numpy as np
import pytest

from sim.rng import stream


def draws(seed, name, count=5):
    return stream(seed, name).random(count).tolist()


def test_a_stream_depends_on_seed_and_name_alone():
    before = draws(1, "ai/a/failures")
    stream(1, "ai/b/failures").random(1000)
    assert draws(1, "ai/a/failures") == before


@pytest.mark.parametrize(
    ("seed", "name"),
    [(2, "ai/a/failures"), (1, "ai/b/failures"), (1, "ai/a/failure"), (1, ""), (0, "ai/a/failures")],
)
def test_another_seed_or_name_is_another_stream(seed, name):
    assert draws(seed, name) != draws(1, "ai/a/failures")


def test_a_stream_is_this_one_and_no_other():
    # the promise that a scenario gives the same numbers in every version of this project
    assert draws(1, "ai/a", 3) == pytest.approx(
        [0.6546231291487978, 0.2184658514497222, 0.8017712056108361], rel=0, abs=0
    )


def test_the_largest_seed_will_do():
    assert 0.0 <= draws(2**53, "a", 1)[0] < 1.0


def test_streams_do_not_go_together():
    one, other = stream(1, "ai/a").standard_normal(20_000), stream(1, "ai/b").standard_normal(20_000)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert one.mean() == pytest.approx(0.0, abs=0.03)
