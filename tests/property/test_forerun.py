"""Loads that run ahead: the site is told the same, at the same times, as by loads on its own clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ai.notice import Notice
from sim.clock import Clock
from sim.engine.bus import BANK_SIZE, Bus
from sim.engine.observation import Published
from sim.engine.telemetry import Forerun, Telemetry
from sim.recording import Track
from sim.scenario.model import ControllerSpec
from sim.signals import Signal
from sim.testing import a_scenario

END_S = 3600.0
LAW = settings(max_examples=120, deadline=None)
SPECS = st.fixed_dictionaries(
    {
        "telemetry_delay_s": st.sampled_from([0.0, 2.0, 31.7]),
        "telemetry_deadband_mw": st.sampled_from([0.25, 3.0]),
        "telemetry_scan_s": st.sampled_from([0.0, 1.0, 7.3]),
    }
)
STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 0.1, 59.9, 600.0, 1234.5]),
        st.floats(0.0, 100.0),
        st.sampled_from([0.0, 0.0, 0.01, -0.3, 1e-3]),
    ),
    min_size=1,
    max_size=12,
)


def states(clock, terminal, statements):
    """A load that waits, states power and slope, waits."""
    for gap_s, power_mw, slope in statements:
        yield clock.timeout(gap_s)
        terminal.set_power_mw(power_mw, slope)


def told_live(loads, spec):
    clock, told = Clock(), []
    bus = Bus(clock)
    clock.read = Telemetry(clock, bus, ControllerSpec(**spec), lambda mw: told.append((clock.now, mw))).read
    for statements in loads:
        clock.process(states(clock, bus.connect(Track()), statements))
    clock.run_before(END_S)
    return told


def told_ahead(loads, spec, chunks_s=()):
    clock, told = Clock(), []
    published = Published(lambda: told.append((clock.now, published.ai_power_mw)))
    scenario = a_scenario(days=END_S / 86_400.0, controller=spec)
    forerun = Forerun(clock, published, scenario)
    for statements in loads:
        forerun.clock.process(states(forerun.clock, forerun.connect(Track()), statements))
    for chunk_s in sorted(chunks_s):
        forerun.run_to(chunk_s)
    clock.run_before(END_S)
    return told


@LAW
@given(st.lists(STATEMENTS, max_size=4), SPECS, st.lists(st.floats(0.0, END_S), max_size=4))
def test_telemetry_tells_the_same_to_the_last_bit_however_the_run_is_cut_into_chunks(loads, spec, chunks_s):
    assert told_ahead(loads, spec, chunks_s) == told_live(loads, spec)


@settings(max_examples=20, deadline=None)
@given(st.lists(STATEMENTS, min_size=BANK_SIZE + 1, max_size=2 * BANK_SIZE + 5), SPECS)
def test_so_it_does_with_more_loads_than_are_added_up_together(loads, spec):
    assert told_ahead(loads, spec, [600.0]) == told_live(loads, spec)


def test_a_slope_too_steep_for_the_clock_does_not_stop_time():
    spec = {"telemetry_delay_s": 0.0, "telemetry_deadband_mw": 1e-3, "telemetry_scan_s": 0.0}
    loads = [[(1e3, 0.0, 1e9), (1e-9, 1.0, 0.0)]]
    told = told_ahead(loads, spec)
    assert told == told_live(loads, spec)
    assert told[-1][1] == 1.0


def test_power_that_is_known_beforehand_is_told_like_that_which_is_stated():
    spec = {"telemetry_delay_s": 2.0}
    rows = [(0.0, 10.0, 0.0), (60.0, 20.0, 0.5), (240.0, 30.0, 0.0)]
    signal = Signal.from_breakpoints(*zip(*rows, strict=True), END_S)
    clock, told = Clock(), []
    published = Published(lambda: told.append((clock.now, published.ai_power_mw)))
    forerun = Forerun(clock, published, a_scenario(days=END_S / 86_400.0, controller=spec))
    forerun.connect(Track()).draw(signal)
    clock.run_before(END_S)
    gaps = [(0.0, 10.0, 0.0), (60.0, 20.0, 0.5), (180.0, 30.0, 0.0)]
    assert told == told_live([gaps], spec)
    assert len(told) > 10


def test_notices_arrive_when_they_are_issued_in_their_order():
    clock, seen = Clock(), []
    published = Published(lambda: seen.append((clock.now, published.notices)))
    forerun = Forerun(clock, published, a_scenario(days=END_S / 86_400.0))
    one, two, three = (Notice("llm", "resume", 900.0 + n, 900.0, 1.0, 0.0) for n in range(3))

    def tenant():
        yield forerun.clock.timeout(100.0)
        forerun.announce(one)
        forerun.announce(two)
        yield forerun.clock.timeout(50.0)
        forerun.announce(three)

    forerun.clock.process(tenant())
    clock.run_before(END_S)
    assert seen == [(100.0, (one,)), (100.0, (one, two)), (150.0, (one, two, three))]
