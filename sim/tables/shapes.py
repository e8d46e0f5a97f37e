"""Ready shapes: files of operators and programs, known by the names of their columns."""

from typing import Any, Final, NamedTuple

EPW_HEADER: Final = (
    b"Year,Month,Day,Hour,Minute,Flags,Dry Bulb Temperature (C),Dew Point Temperature (C),Relative Humidity,"
    b"Atmospheric Station Pressure (Pa),"
    + b",".join(b"EPW column %d" % place for place in range(11, 36))
    + b"\n"
)
"""What the columns of an EPW weather file hold: it has no line of names."""


class Shape(NamedTuple):
    """What is known of a kind of file, where the description does not say otherwise."""

    name: str
    """What it is, for people."""
    needs: frozenset[str]
    """Columns, in small letters without blanks, that a file of this kind has."""
    time_column: str = ""
    hour_column: str = ""
    interval_column: str = ""
    """Column that counts the quarters of an hour."""
    repeated_column: str = ""
    value_column: str = ""
    location_column: str = ""
    market_column: str = ""
    stamp: str = ""
    time_zone: str = ""
    time_format: str = ""
    unit: str = ""
    where: tuple[tuple[str, str], ...] = ()


PRICE_SHAPES: Final = (
    Shape(
        "ERCOT day-ahead prices (MIS)",
        frozenset({"deliverydate", "hourending", "settlementpoint", "settlementpointprice"}),
        time_column="deliverydate", hour_column="hourending", repeated_column="dstflag repeatedhourflag",
        value_column="settlementpointprice", location_column="settlementpoint", stamp="end",
        time_zone="America/Chicago", time_format="%m/%d/%Y", unit="usd_per_mwh",
    ),
    Shape(
        "ERCOT real-time prices (MIS)",
        frozenset({"deliverydate", "deliveryhour", "deliveryinterval", "settlementpointprice"}),
        time_column="deliverydate", hour_column="deliveryhour", interval_column="deliveryinterval",
        repeated_column="dstflag repeatedhourflag", value_column="settlementpointprice",
        location_column="settlementpointname", stamp="end", time_zone="America/Chicago",
        time_format="%m/%d/%Y", unit="usd_per_mwh",
    ),
    Shape(
        "CAISO OASIS prices",
        frozenset({"intervalstarttimegmt", "lmptype", "mw"}),
        time_column="intervalstarttimegmt", value_column="mw", location_column="node",
        market_column="marketrunid", time_zone="UTC", unit="usd_per_mwh", where=(("lmptype", "LMP"),),
    ),
    Shape(
        "CAISO OASIS prices, intervals of real time",
        frozenset({"intervalstarttimegmt", "lmptype", "value"}),
        time_column="intervalstarttimegmt", value_column="value", location_column="node",
        market_column="marketrunid", time_zone="UTC", unit="usd_per_mwh", where=(("lmptype", "LMP"),),
    ),
    Shape(
        "PJM day-ahead prices", frozenset({"datetimebeginningutc", "totallmpda"}),
        time_column="datetimebeginningutc", value_column="totallmpda", location_column="pnodename",
        time_zone="UTC", time_format="%m/%d/%Y %I:%M:%S %p", unit="usd_per_mwh",
    ),
    Shape(
        "PJM real-time prices", frozenset({"datetimebeginningutc", "totallmprt"}),
        time_column="datetimebeginningutc", value_column="totallmprt", location_column="pnodename",
        time_zone="UTC", time_format="%m/%d/%Y %I:%M:%S %p", unit="usd_per_mwh",
    ),
    Shape(
        "NYISO prices", frozenset({"timestamp", "name", "ptid", "lbmpmwhr"}),
        time_column="timestamp", value_column="lbmpmwhr", location_column="name",
        time_zone="America/New_York", unit="usd_per_mwh",
    ),
    Shape(
        "AEMO prices", frozenset({"settlementdate", "rrp"}),
        time_column="settlementdate", value_column="rrp", location_column="region regionid", stamp="end",
        time_zone="Etc/GMT-10", unit="aud_per_mwh",
    ),
    Shape(
        "ENTSO-E day-ahead prices", frozenset({"mtucetcest", "dayaheadpriceeurmwh"}),
        time_column="mtucetcest", value_column="dayaheadpriceeurmwh", location_column="area biddingzone",
        time_zone="Europe/Brussels", unit="eur_per_mwh",
    ),
    Shape(
        "Nord Pool prices", frozenset({"deliverystartcet", "deliveryendcet"}),
        time_column="deliverystartcet", time_zone="Europe/Oslo", unit="eur_per_mwh",
    ),
)  # fmt: skip
POWER_SHAPES: Final = (
    Shape(
        "renewables.ninja", frozenset({"time", "localtime", "electricity"}),
        time_column="time", value_column="electricity", time_zone="UTC", unit="kw",
    ),
    Shape(
        "PVGIS hourly power", frozenset({"time", "p", "t2m"}),
        time_column="time", value_column="p", time_zone="UTC", time_format="%Y%m%d:%H%M", unit="w",
    ),
    Shape(
        "nvidia-smi power log", frozenset({"timestamp", "powerdraww"}),
        time_column="timestamp", value_column="powerdraww", unit="w",
    ),
)  # fmt: skip
REQUEST_SHAPES: Final = (
    Shape("BurstGPT", frozenset({"timestamp", "requesttokens", "responsetokens"}), time_column="timestamp",
          time_format="s"),
    Shape("Azure inference trace", frozenset({"timestamp", "contexttokens", "generatedtokens"}),
          time_column="timestamp", time_zone="UTC"),
)  # fmt: skip


def plain_name(column: str) -> str:
    """Return a column's name in small letters, without blanks and signs.

    Examples
    --------
    >>> plain_name("Day-ahead Price [EUR/MWh]")
    'dayaheadpriceeurmwh'
    """
    return "".join(letter for letter in column.lower() if letter.isalnum())


def shape_of(columns: tuple[str, ...], shapes: tuple[Shape, ...]) -> Shape | None:
    """Return the first shape that has all its columns there, its names as the file spells them."""
    named = {plain_name(column): column for column in reversed(columns)}
    shape = next((shape for shape in shapes if shape.needs <= named.keys()), None)
    if shape is None:
        return None
    fields: dict[str, Any] = {
        field: next((named[name] for name in getattr(shape, field).split() if name in named), "")
        for field in Shape._fields
        if field.endswith("_column")
    }
    where = tuple((named[name], text) for name, text in shape.where if name in named)
    return shape._replace(**fields, where=where)
