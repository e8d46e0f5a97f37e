import pytest

from sim.clock import Clock
from sim.engine.bus import Bus
from sim.recording import Track


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bus(clock):
    return Bus(clock)


def pass_time(clock, until_s):
    clock.timeout(until_s - clock.now)
    clock.step()


def test_a_bus_without_loads_draws_nothing(bus):
    assert bus.power(5.0) == (0.0, 0.0)


def test_it_adds_up_what_the_loads_draw(clock, bus):
    one, two = bus.connect(Track()), bus.connect(Track())
    one.set_power_mw(90.0)
    two.set_power_mw(43.0)
    assert bus.power(0.0) == (133.0, 0.0)

    pass_time(clock, 10.0)
    two.set_power_mw(3.0)
    assert bus.power(10.0) == (93.0, 0.0)


def test_a_load_that_moves_is_read_at_its_present_power(clock, bus):
    steady, rising, falling = (bus.connect(Track()) for _ in range(3))
    steady.set_power_mw(100.0)
    rising.set_power_mw(10.0, 2.0)
    pass_time(clock, 4.0)
    falling.set_power_mw(30.0, -0.5)

    assert bus.power(4.0) == (148.0, 1.5)
    assert bus.power(14.0) == (100.0 + 38.0 + 25.0, 1.5)


def test_slopes_that_cancel_leave_none(bus):
    bus.connect(Track()).set_power_mw(10.0, 0.25)
    bus.connect(Track()).set_power_mw(10.0, -0.25)
    assert bus.power(8.0) == (20.0, 0.0)


def test_a_million_steps_leave_no_rounding_behind(bus):
    one, two = bus.connect(Track()), bus.connect(Track())
    two.set_power_mw(0.3)
    for _ in range(1000):
        one.set_power_mw(0.1)
        one.set_power_mw(1e9 / 3.0)
    one.set_power_mw(0.1)
    assert bus.power(0.0) == (0.1 + 0.3, 0.0)  # summed afresh, never kept up by differences


def test_stating_a_power_asks_for_a_reading(clock, bus):
    port = bus.connect(Track())
    assert (clock.unread, clock.unsettled) == (False, False)
    port.set_power_mw(1.0)
    assert (clock.unread, clock.unsettled) == (True, False)


def test_a_port_records_what_its_load_states(clock, bus):
    track = Track()
    port = bus.connect(track)
    port.set_power_mw(20.0)
    pass_time(clock, 3.0)
    port.set_power_mw(10.0, 0.5)

    signal = track.freeze(9.0)

    assert signal.time_s.tolist() == [0.0, 3.0]
    assert signal.value.tolist() == [20.0, 10.0]
    assert signal.slope_per_s.tolist() == [0.0, 0.5]
