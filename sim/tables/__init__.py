"""Data files: columns of numbers and times out of CSV and Parquet files that may come from a stranger."""

from sim.tables.files import Files
from sim.tables.table import Table
from sim.units import FloatArray

__all__ = ["Files", "FloatArray", "Table"]
