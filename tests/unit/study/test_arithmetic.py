import numpy as np
import pytest

from sim.study.arithmetic import worked_out


def test_names_may_be_arrays_and_functions_take_one_of_them():
    known = {"x": np.array([1.0, 2.0, 6.0]), "mean": np.mean}
    assert worked_out("mean(x > 1.5)", known) == pytest.approx(2.0 / 3.0)
    assert worked_out("-mean(x) ** 2 + 1", known) == -8.0
    assert worked_out("(mean(x) >= 3) & (mean(x) != 4) | (2 < 1)", known)


@pytest.mark.parametrize(
    "text",
    ["y", "x.real", "x[0]", "(lambda: 1)()", "f(x)", "'a'", "[1 for _ in x]", "f(x=1)", "x if x else 1", "x @ x"],
)
def test_what_is_no_arithmetic_of_known_names_is_refused(text):
    with pytest.raises(ValueError, match="no arithmetic of what is known"):
        worked_out(text, {"x": 1.0})
