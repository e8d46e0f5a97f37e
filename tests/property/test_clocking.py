"""Laws of the clock curve over its whole range of parameters."""

import numpy as np
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.mining.clocking import ClockCurve, power_ratio

LAW = examples(100)


@st.composite
def curves(draw):
    return ClockCurve(
        minimum_fraction=draw(st.floats(0.3, 1.0)),
        maximum_fraction=draw(st.floats(1.0, 1.2)),
        reference_mhz=draw(st.floats(400.0, 560.0)),
        vf_slope=draw(st.floats(0.0, 0.3)),
        static_fraction=draw(st.floats(0.0, 0.2)),
    )


@LAW
@given(curve=curves(), share=st.floats(0.0, 1.0))
def test_a_mix_of_profiles_never_draws_less_than_one_clock_between_them(curve, share):
    fraction = curve.minimum_fraction + share * (curve.maximum_fraction - curve.minimum_fraction)
    one_clock = power_ratio(fraction, curve.vf_slope, curve.static_fraction)

    # a chord over a step of the clock lies above the curve by an eighth of its square times the curvature
    assert one_clock - 1e-12 <= curve.power_ratio(fraction) <= one_clock + 1e-3


@LAW
@given(curve=curves())
def test_no_step_up_is_cheaper_than_the_one_before(curve):
    assert (np.diff(np.diff(curve.power_ratios) / np.diff(curve.fractions)) >= -1e-6).all()
    assert (np.diff(curve.fractions) > 0.0).all()
    assert (np.diff(curve.power_ratios) > 0.0).all()
