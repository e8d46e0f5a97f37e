import numpy as np

from sim.events import EventRow, EventTable

ROWS = (
    EventRow(0.0, "load.a", "start", 5.0),
    EventRow(1.5, "controller", "decision: headroom", -0.0),
    EventRow(1.5, "load.a", "failure", 2.0),
    EventRow(9.0, "load.a", "start", 7.0),
)
TABLE = EventTable.of(ROWS)


def test_a_table_is_the_sequence_of_its_rows():
    assert (len(TABLE), tuple(TABLE), TABLE[-1], TABLE[1:3]) == (4, ROWS, ROWS[-1], ROWS[1:3])
    assert TABLE == ROWS
    assert ROWS[:3] != TABLE
    assert EventTable.of(TABLE) is TABLE
    assert tuple(EventTable.of(())) == ()
    assert [type(value) for value in (TABLE[0].time_s, next(iter(TABLE)).value)] == [float, float]


def test_those_wanted_stay_in_order_and_all_of_them_are_the_table_itself():
    assert TABLE.where(lambda source, kind: (source, kind) == ("load.a", "start")) == (ROWS[0], ROWS[3])
    assert TABLE.where(lambda *_: True) is TABLE
    assert len(TABLE.where(lambda *_: False)) == 0


def test_a_part_begins_at_zero_and_its_end_belongs_to_the_next():
    assert TABLE.between(1.5, 9.0) == (
        EventRow(0.0, "controller", "decision: headroom", 0.0),
        EventRow(0.0, "load.a", "failure", 2.0),
    )


def test_merged_tables_are_in_order_of_time_and_of_tables():
    others = EventTable.of([EventRow(1.5, "pool", "block", 3.0), EventRow(2.0, "load.a", "start", 1.0)])

    merged = EventTable.merged([others, EventTable.of(()), TABLE])

    assert merged == sorted((*others, *ROWS), key=lambda row: row.time_s)
    assert len(merged.where(lambda _, kind: kind == "start")) == 3


def test_a_million_events_take_some_twenty_megabytes():
    count = 1_000_000
    places = np.zeros(count, dtype=np.uint32)
    table = EventTable(np.zeros(count), np.zeros(count), places, [("load.a", "checkpoint")])

    assert table.time_s.nbytes + table.value.nbytes + table.place.nbytes == 20 * count
    assert len(table.where(lambda source, _: source == "load.a")) == count
