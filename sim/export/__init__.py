"""The site's power at its connection to the grid, in the shapes that other tools read."""

from sim.export.formats import FORMATS, Format
from sim.export.profile import Profile
from sim.export.write import write_profile

__all__ = ["FORMATS", "Format", "Profile", "write_profile"]
