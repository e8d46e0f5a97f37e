"""Local time: what the clocks of a zone show, daylight saving included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from sim.signals import FloatArray
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_QUARTER_S = 15.0 * SECONDS_PER_MINUTE  # since 1972 clocks have changed at whole quarters of an hour in UTC
_HOURS_PER_WEEK = 7.0 * HOURS_PER_DAY
_THURSDAY = 3.0  # 1970-01-01, day 0 of UTC time, was a Thursday; Monday is 0


def utc_offset_s(utc_s: FloatArray, time_zone: str) -> FloatArray:
    """Return by how much the clocks of a zone are ahead of UTC.

    Parameters
    ----------
    utc_s
        Instants [s since 1970-01-01T00:00Z], shape (n,).
    time_zone
        Name in the IANA data base, ``America/Chicago``.

    Returns
    -------
    numpy.ndarray
        Local time less UTC [s], shape (n,).

    Examples
    --------
    The last second of winter time in Chicago in 2024, and the first of summer time:

    >>> (utc_offset_s(np.array([1_710_057_599.0, 1_710_057_600.0]), "America/Chicago") / 3600.0).tolist()
    [-6.0, -5.0]
    """
    zone = ZoneInfo(time_zone)
    quarters, which = np.unique(np.floor(utc_s / _QUARTER_S), return_inverse=True)
    offsets = [_offset_s(quarter * _QUARTER_S, zone) for quarter in quarters.tolist()]
    return np.array(offsets, dtype=np.float64)[which]


def _offset_s(utc_s: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(utc_s, UTC).astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def hour_of_week(utc_s: FloatArray, time_zone: str) -> FloatArray:
    """Return the hour of the week that the clocks of a zone show.

    Parameters
    ----------
    utc_s
        Instants [s since 1970-01-01T00:00Z], shape (n,).
    time_zone
        Name in the IANA data base, ``America/Chicago``.

    Returns
    -------
    numpy.ndarray
        Hours since Monday 00:00 on the local clock [h], from 0 to below 168, shape (n,).

    Examples
    --------
    Noon in UTC on Monday 8 January and Monday 8 July 2024, in Chicago:

    >>> hour_of_week(np.array([1_704_715_200.0, 1_720_440_000.0]), "America/Chicago").tolist()
    [6.0, 7.0]
    """
    local_s = utc_s + utc_offset_s(utc_s, time_zone)
    return np.asarray((local_s / SECONDS_PER_HOUR + _THURSDAY * HOURS_PER_DAY) % _HOURS_PER_WEEK)
