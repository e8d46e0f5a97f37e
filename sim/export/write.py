"""Writes a profile to a file, a block at a time: a year needs the memory of a day beside the run itself."""

import json
from pathlib import Path
from typing import IO

from sim.export.formats import Format, facts
from sim.export.profile import Profile
from sim.whole import whole_file, write_whole


def write_profile(profile: Profile, form: Format, path: Path) -> tuple[Path, ...]:
    """Write a profile as CSV, and beside it what the file cannot say itself.

    Parameters
    ----------
    profile
        What to write.
    form
        The shape, one of `FORMATS`.
    path
        File to write; must be new.

    Returns
    -------
    tuple of pathlib.Path
        What was written: the file, and ``<path>.json`` where the format knows no comments.

    Raises
    ------
    ResultError
        Something is there already, or it cannot be written; nothing of it is left then.
    """
    beside = path.with_name(f"{path.name}.json")
    written = (path,) if form.commented else (path, beside)
    told = facts(profile, form)
    said = f"{json.dumps(told, indent=2, ensure_ascii=False)}\n".encode()
    with whole_file(path, is_new=True) as file:
        if form.commented:
            file.writelines(f"# {term}: {text}\n".encode() for term, text in told.items())
        _write_rows(profile, form, file)
        # first, and what a killed export left is as good: there is never a profile without it
        if not form.commented and not (beside.is_file() and beside.read_bytes() == said):
            write_whole(beside, said, is_new=True)
    return written


def _write_rows(profile: Profile, form: Format, file: IO[bytes]) -> None:
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and not every command writes a table
    from pyarrow import csv  # noqa: PLC0415  # see above

    from sim.tables import arrow  # noqa: PLC0415  # see above

    if form.titled:
        file.write((",".join(form.columns) + "\n").encode())
    schema = pa.schema([pa.field(name, pa.float64()) for name in form.columns])
    # numbers are written with the digits that give the same number back
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with csv.CSVWriter(pa.PythonFile(file, mode="w"), schema, write_options=options) as writer:
        for block in form.blocks(profile):
            columns = [arrow.column(column) for column in block]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
