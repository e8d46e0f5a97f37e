"""The site's power at its connection to the grid, in the shapes that other tools read."""

from sim.export.formats import FORMATS, Format, Profile, write_profile
from sim.export.package import verify, write_package

__all__ = ["FORMATS", "Format", "Profile", "verify", "write_package", "write_profile"]
