"""The site's power at its connection to the grid, in the shapes that other tools read."""

from sim.export.formats import FORMATS, Format, Profile, write_profile

__all__ = ["FORMATS", "Format", "Profile", "write_profile"]
