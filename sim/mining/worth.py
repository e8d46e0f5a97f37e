r"""What a fleet makes over its power, and what that is worth: one account for miners and any other fleet.

Notes
-----
A fleet makes :math:`y(p)` an hour at power :math:`p`: hashes, or another product. Its power is filled from
below, so that only the upper edge of its states counts, straight lines :math:`i` of width :math:`w_i` with
:math:`y_i` a megawatt, falling. At :math:`v` dollars for what is made in an hour, another megawatt-hour in a
piece is worth :math:`v\,y_i`, and power :math:`p` above the minimum

.. math:: v \sum_i y_i \min(w_i, \max(0, p - \textstyle\sum_{j<i} w_j)).

Hashes are counted in PH/s, and :math:`v` is what a PH/s earns in an hour, by the market. Any other product is
counted in dollars an hour at the fleet's own price, and :math:`v = 1`.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple


class Piece(NamedTuple):
    """A piece of a fleet's power range in which each megawatt makes alike."""

    width_mw: float
    """Power of the piece [MW]."""
    output_per_mw: float
    """What a megawatt of it makes: hash rate [PH/s/MW], or the worth of another product [USD/MWh]."""


class Worth(NamedTuple):
    """What a fleet makes over its power: at the least power, and in the pieces above."""

    minimum_mw: float
    """Power that it draws at the least [MW]."""
    minimum_output: float
    """What it makes there: hash rate [PH/s], or the worth of another product [USD/h]."""
    pieces: tuple[Piece, ...]
    """The pieces above, from below; none makes more with a megawatt than the one before."""
    is_hash: bool = True
    """Whether it makes hashes, which the market pays; else outputs are dollars an hour."""

    def output(self, power_mw: float) -> float:
        """Return what it makes at a power: hash rate [PH/s], or the worth of another product [USD/h].

        Examples
        --------
        >>> Worth(1.0, 0.0, (Piece(4.0, 50.0), Piece(5.0, 20.0)), is_hash=False).output(7.0)
        240.0
        """
        made, left_mw = self.minimum_output, power_mw - self.minimum_mw
        for piece in self.pieces:
            made += piece.output_per_mw * min(piece.width_mw, max(0.0, left_mw))
            left_mw -= piece.width_mw
        return made


def concave(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the pieces of a fleet with those merged that would come before one that makes more.

    A fleet's range is filled from below, so that a better piece behind a worse one can only be had with it:
    both become one piece with what they make together.

    Examples
    --------
    >>> concave([Piece(10.0, 50.0), Piece(20.0, 80.0), Piece(5.0, 30.0)])
    (Piece(width_mw=30.0, output_per_mw=70.0), Piece(width_mw=5.0, output_per_mw=30.0))
    """
    merged: list[Piece] = []
    for next_piece in pieces:
        piece = next_piece
        while merged and piece.output_per_mw > merged[-1].output_per_mw:
            below = merged.pop()
            width_mw = piece.width_mw + below.width_mw
            made = piece.width_mw * piece.output_per_mw + below.width_mw * below.output_per_mw
            piece = Piece(width_mw, made / width_mw if width_mw > 0.0 else piece.output_per_mw)
        merged.append(piece)
    return tuple(merged)


def upper_edge(points: Sequence[tuple[float, float]]) -> tuple[Piece, ...]:
    """Return the upper edge of states, up to the one that makes most.

    Parameters
    ----------
    points
        Power [MW], not falling, and output of each state, shape (n, 2).

    Examples
    --------
    A level below the line between its neighbours is passed over:

    >>> upper_edge([(2.0, 0.0), (5.0, 20.0), (8.0, 60.0), (10.0, 70.0)])
    (Piece(width_mw=6.0, output_per_mw=10.0), Piece(width_mw=2.0, output_per_mw=5.0))
    """
    best = [max(same) for _, same in groupby(points, key=itemgetter(0))]
    steps = (
        Piece(to_mw - from_mw, (made - before) / (to_mw - from_mw))
        for (from_mw, before), (to_mw, made) in pairwise(best)
    )
    return tuple(piece for piece in concave(steps) if piece.output_per_mw > 0.0)
