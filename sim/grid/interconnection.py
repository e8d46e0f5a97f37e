"""The point where the site meets the grid."""

from sim.spec import NonNegative, Spec


class Interconnection(Spec):
    """The connection that AI and miners share."""

    limit_mw: NonNegative
    """Power that the site may draw from the grid [MW]; 0 only where it has ``market.generation``. More is
    possible and is measured as exceedance."""
