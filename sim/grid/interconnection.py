"""The point where the site meets the grid."""

from sim.spec import Positive, Spec


class Interconnection(Spec):
    """The connection that AI and miners share."""

    limit_mw: Positive
    """Power that the site may draw [MW]. More is possible and is measured as exceedance."""
