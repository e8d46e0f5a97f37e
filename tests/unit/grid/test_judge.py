"""Constructed faults at the edges of each envelope."""

from math import isnan

import pytest

from sim.grid.ride_through import ENVELOPES, judge

START_S = 5.0
EDGE_S = 1e-4


def record(value, length_s, *, back_after_s=None, normal=1.0, before_mw=100.0, inside_mw=0.0, end_s=5000.0):
    """Return times, a quantity and power: an event, after which power is back in a time, or never."""
    over_s = START_S + length_s
    rows = [(0.0, normal, before_mw), (START_S, value, inside_mw), (over_s, normal, 0.0)]
    if back_after_s == 0.0:
        rows[-1] = (over_s, normal, before_mw)
    elif back_after_s is not None:
        rows.append((over_s + back_after_s, normal, before_mw))
    rows.append((over_s + end_s, normal, rows[-1][2]))
    return [list(column) for column in zip(*rows, strict=True)]


def segments(of):
    """Yield envelope, a value within each of its segments, and for how long it is to be ridden [s]."""
    for name, rule in ENVELOPES.items():
        band = rule[of]
        if band is None or band["is_line"]:
            continue
        below, above = band["below"] or [], band["above"] or []
        tops = [*(row[0] for row in below[1:]), band["low"]]
        for (bottom, least_s), top in zip(below, tops, strict=False):
            yield name, bottom, least_s
            yield name, (bottom + top) / 2.0, least_s
            yield name, top - 1e-6, least_s
        bottom = band["high"]
        for top, least_s in above:
            yield name, top, least_s
            yield name, bottom + 1e-6, least_s
            bottom = top


def lost(name):
    """Return what a load is that leaves where it must ride; none can tell without a recovery's number."""
    return "violation" if ENVELOPES[name]["recovery_s"] else "not-assessable"


@pytest.mark.parametrize(("name", "value", "least_s"), list(segments("voltage")))
def test_at_the_edges_of_each_segment_of_voltage(name, value, least_s):
    for length_s, verdict in (
        (least_s - EDGE_S, lost(name)),
        (least_s, lost(name)),
        (least_s + EDGE_S, None),
    ):
        time_s, volts, power = record(value, length_s)
        assert judge(time_s, volts, power, name).verdict == (verdict or "trip-permitted")
        time_s, volts, power = record(value, length_s, back_after_s=0.0)
        assert judge(time_s, volts, power, name) == ("rides", 0.0)


@pytest.mark.parametrize(("name", "value", "least_s"), list(segments("frequency")))
def test_at_the_edges_of_each_segment_of_frequency(name, value, least_s):
    nominal = 50.0 if name.startswith("fingrid") else 60.0
    for length_s, verdict in (
        (least_s - EDGE_S, lost(name)),
        (least_s, lost(name)),
        (least_s + EDGE_S, None),
    ):
        time_s, hertz, power = record(value, length_s, normal=nominal)
        volts = [1.0] * len(time_s)
        assert judge(time_s, volts, power, name, hertz).verdict == (verdict or "trip-permitted")
        assert judge(time_s, volts, power, name).verdict == "rides"
        assert judge(time_s, volts, [100.0] * len(time_s), name, hertz) == ("rides", 0.0)


@pytest.mark.parametrize(("value", "verdict"), [(0.9, "rides"), (1.1, "rides"), (0.9 - 1e-6, "violation")])
def test_the_continuous_range_has_its_edges_in_it(value, verdict):
    time_s, volts, power = record(value, 1.0)
    assert judge(time_s, volts, power, "ercot-nogrr282").verdict == verdict


@pytest.mark.parametrize(
    ("length_s", "verdict"), [(0.4588, "violation"), (0.4589, "trip-permitted"), (0.2, "violation")]
)
def test_a_curve_of_lines_lies_between_its_points(length_s, verdict):
    time_s, volts, power = record(0.4, length_s)  # 0.2 s at zero, 0.75 s at 0.85: 0.4588 s at 0.4
    assert judge(time_s, volts, power, "fingrid-sjv2024").verdict == verdict


@pytest.mark.parametrize(
    ("back_after_s", "verdict"), [(1.999, "rides"), (2.0, "rides"), (2.001, "violation"), (None, "violation")]
)
def test_power_is_back_within_two_seconds_or_the_load_has_left(back_after_s, verdict):
    time_s, volts, power = record(0.6, 0.4, back_after_s=back_after_s)
    found = judge(time_s, volts, power, "ercot-nogrr282")
    assert found.verdict == verdict
    assert isnan(found.recovery_s) if back_after_s is None else found.recovery_s == pytest.approx(back_after_s)


@pytest.mark.parametrize(("share", "verdict"), [(0.9, "rides"), (0.8999, "violation")])
def test_back_is_nine_tenths_of_the_mean_of_the_second_before(share, verdict):
    # 100 MW in the half second before, 60 in that before, 10 MW earlier: 80 on the mean
    time_s = [0.0, 4.0, 4.5, 5.0, 5.2, 60.0]
    power = [10.0, 60.0, 100.0, 0.0, 80.0 * share, 80.0 * share]
    assert judge(time_s, [1.0, 1.0, 1.0, 0.6, 1.0, 1.0], power, "ercot-nogrr282").verdict == verdict


@pytest.mark.parametrize("name", [name for name, rule in ENVELOPES.items() if rule["recovery_fraction"]])
def test_back_is_the_share_that_the_rule_sets(name):
    least = ENVELOPES[name]["recovery_fraction"]
    for share, rides in ((least, True), (least - 0.001, False)):
        back_mw = 100.0 * share
        found = judge(
            [0.0, 5.0, 5.05, 5.15, 60.0],
            [1.0, 0.85, 1.0, 1.0, 1.0],
            [100.0, 0.0, 0.0, back_mw, back_mw],
            name,
        )
        assert (found.verdict == "rides") == rides


def test_what_falls_once_it_was_back_has_nothing_to_do_with_the_sag():
    time_s, volts = [0.0, 5.0, 5.2, 6.2, 20.0, 60.0], [1.0, 0.4, 1.0, 1.0, 1.0, 1.0]
    found = judge(time_s, volts, [100.0, 0.0, 0.0, 95.0, 0.0, 0.0], "ercot-nogrr282")
    assert found == ("rides", pytest.approx(1.0))


def test_each_event_is_judged_by_the_power_before_it():
    # 95 MW are back of 100, and 88 of those 95
    time_s, volts = [0.0, 5.0, 5.2, 30.0, 30.2, 60.0], [1.0, 0.4, 1.0, 0.4, 1.0, 1.0]
    assert judge(time_s, volts, [100.0, 0.0, 95.0, 0.0, 88.0, 88.0], "ercot-nogrr282").verdict == "rides"


def test_a_record_that_ends_in_a_sag_tells_no_recovery():
    found = judge([0.0, 5.0, 5.1], [1.0, 0.4, 0.4], [100.0, 0.0, 0.0], "ercot-nogrr282")
    assert isnan(found.recovery_s)


def test_times_of_lower_voltage_do_not_add_to_those_of_a_higher_one():
    # 5 s must be ridden above 1.15 pu and 60 s above 1.1: 1 s and 11 s are neither
    time_s, volts = [0.0, 5.0, 6.0, 16.0, 100.0], [1.0, 1.18, 1.12, 1.0, 1.0]
    found = judge(time_s, volts, [100.0, 0.0, 0.0, 0.0, 0.0], "energinet-tr331")
    assert found.verdict == lost("energinet-tr331")


def test_what_is_drawn_in_the_sag_counts_for_nothing():
    time_s, volts, power = record(0.1, 0.1, back_after_s=0.0, inside_mw=0.0)
    assert judge(time_s, volts, power, "ercot-nogrr282") == ("rides", 0.0)


def test_power_lost_while_frequency_is_off_counts_from_then_on():
    time_s, hertz, power = record(58.0, 100.0, normal=60.0, back_after_s=0.0)
    found = judge(time_s, [1.0] * 4, power, "ercot-nogrr282", hertz)
    assert found == ("violation", 100.0)


def test_times_add_up_within_an_event():
    time_s = [0.0, 5.0, 6.9, 7.3, 100.0]
    volts = [1.0, 0.85, 0.79, 1.0, 1.0]  # below 0.9 for 2.3 s, below 0.8 for 0.4 s
    assert judge(time_s, volts, [100.0, 0.0, 0.0, 0.0, 0.0], "ercot-nogrr282").verdict == "trip-permitted"


def test_a_load_that_leaves_at_the_third_sag_is_in_violation_and_the_worst_counts():
    # three sags of 50 ms, 10 s apart: back after 1 s, after 0.5 s, never
    rows = [(0.0, 1.0, 100.0)]
    for number, back_s in enumerate((1.0, 0.5, None)):
        at_s = 10.0 * (number + 1)
        rows += [(at_s, 0.3, 0.0), (at_s + 0.05, 1.0, 0.0)]
        rows += [(at_s + 0.05 + back_s, 1.0, 100.0)] if back_s else []
    rows.append((90.0, 1.0, 0.0))
    time_s, volts, power = (list(column) for column in zip(*rows, strict=True))
    found = judge(time_s, volts, power, "ercot-nogrr282")
    assert found.verdict == "violation"
    assert found.recovery_s == pytest.approx(1.0)  # of those that came back
    assert judge(time_s[:8], volts[:8], power[:8], "ercot-nogrr282").verdict == "not-assessable"


def test_a_sag_before_the_time_is_up_leaves_it_to_the_next_and_the_power_before_the_first():
    time_s = [0.0, 5.0, 5.1, 6.0, 6.1, 7.0, 60.0]
    volts = [1.0, 0.4, 1.0, 0.4, 1.0, 1.0, 1.0]
    back = [100.0, 0.0, 0.0, 0.0, 0.0, 95.0, 95.0]
    gone = [100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert judge(time_s, volts, back, "ercot-nogrr282") == ("rides", pytest.approx(0.9))
    assert judge(time_s, volts, gone, "ercot-nogrr282").verdict == "violation"


def test_what_cannot_be_told_is_not_assessable():
    short = record(0.4, 0.1, end_s=1.0)  # ends a second after the sag, power not back
    assert judge(*short, "ercot-nogrr282").verdict == "not-assessable"
    assert judge([0.0, 1.0], [0.4, 1.0], [0.0, 0.0], "ercot-nogrr282").verdict == "trip-permitted"
    assert judge([0.0, 0.1, 9.0], [0.4, 1.0, 1.0], [0.0, 0.0, 0.0], "ercot-nogrr282").verdict == "not-assessable"
    unseen = record(0.4, 0.1)  # a curve that was not seen
    assert judge(*unseen, "ieso-trlcl3").verdict == "not-assessable"
    assert judge(*record(0.4, 0.1, back_after_s=1.0), "ieso-trlcl3") == ("rides", pytest.approx(1.0))


def test_a_record_without_an_event_rides():
    found = judge([0.0, 10.0], [1.0, 0.95], [100.0, 20.0], "ercot-nogrr282")
    assert found.verdict == "rides"
    assert isnan(found.recovery_s)


@pytest.mark.parametrize(
    ("columns", "name", "fault"),
    [
        (([0.0, 1.0], [1.0, 1.0], [1.0, 1.0]), "ercot", "unknown envelope 'ercot': one of ercot-nogrr282"),
        (([1.0, 1.0], [1.0, 1.0], [1.0, 1.0]), "itic", "times that increase"),
        (([0.0, 1.0], [1.0, float("nan")], [1.0, 1.0]), "itic", "a number in each row"),
        (([0.0, 1.0], [1.0], [1.0, 1.0]), "itic", "inhomogeneous"),
    ],
)
def test_a_record_that_is_none_is_refused(columns, name, fault):
    with pytest.raises(ValueError, match=fault):
        judge(*columns, name)


def test_each_envelope_says_where_it_comes_from():
    assert all(rule["status"] and rule["source"] for rule in ENVELOPES.values())
    assert ENVELOPES["ercot-nogrr282"]["counting_banned"]


@pytest.mark.parametrize(
    ("leaves_s", "verdict"),
    [(0.4, "violation"), (1.99, "violation"), (2.0, "rides"), (5.0, "rides")],
)
def test_a_load_that_goes_again_within_its_time_was_not_back(leaves_s, verdict):
    """A hall that transfers half a second after the sag that it counted: it was there at first."""
    time_s = [0.0, 5.0, 5.1, 5.1 + leaves_s, 90.0]
    found = judge(time_s, [1.0, 0.6, 1.0, 1.0, 1.0], [100.0, 66.0, 100.0, 0.0, 0.0], "ercot-nogrr282")
    assert found.verdict == verdict


def test_a_short_dip_within_its_time_is_a_later_recovery():
    time_s = [0.0, 5.0, 5.1, 5.6, 6.6, 90.0]
    found = judge(time_s, [1.0, 0.6, 1.0, 1.0, 1.0, 1.0], [100.0, 0.0, 100.0, 0.0, 95.0, 95.0], "ercot-nogrr282")
    assert found == ("rides", pytest.approx(1.5))
