"""Data files: columns of numbers and times out of CSV and Parquet files that may come from a stranger."""

from sim.tables.files import Files
from sim.tables.table import Table

__all__ = ["Files", "Table"]
