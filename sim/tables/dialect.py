"""How a text file is written: its encoding, what separates its columns, where its header stands."""

import codecs
import csv
import re
from collections import Counter, deque
from typing import Final, NamedTuple

from sim.tables.bounds import MAX_COLUMNS, MAX_COMMENTS, MAX_SHOWN, check_columns, file_fault
from sim.tables.unit_words import parse_unit

SEPARATORS: Final = (",", ";", "\t", "|")
SEPARATOR_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT: Final = 60
"""Lines below the comments that tell how the file is written."""
_TAIL_BYTES: Final = 8192
"""End of the file in which remarks below the rows may stand."""
_SNIFFED_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 20
_MOST_RECODED_BYTES: Final = 64 << 20
"""Size of a text in another encoding than UTF-8 [bytes]: it is held twice."""
_STARTS_A_VALUE: Final = re.compile(r"^\s*[-+]?\.?\d")
_MARKED: Final = (
    r"^[-+]?(((0[0-9]*|[0-9]{{4,}}|[0-9]{{1,3}}([{group}][0-9]{{3}})+)?[{mark}][0-9]+"
    r"|[0-9]{{1,3}}[{mark}]([0-9]{{1,2}}|[0-9]{{4,}}))([eE][-+]?[0-9]+)?|[0-9]{{1,3}}([{group}][0-9]{{3}}){{2,}})$"
)
MARKED: Final = {".": _MARKED.format(mark=".", group=","), ",": _MARKED.format(mark=",", group=".")}
"""Numbers that tell what stands before decimals; ``1.234`` does not."""


class Dialect(NamedTuple):
    """How a text file is written."""

    columns: tuple[str, ...]
    """Names of the columns, those without one after their place."""
    units: tuple[str, ...]
    """What a line of units below the header says of each; empty where there is none."""
    separator: str
    decimal: str
    """What stands before the decimals, ``.`` or ``,``; empty where the first rows leave it open."""
    start: int
    """Where the rows begin [bytes]."""
    stop: int
    """Where they end [bytes]."""
    lines_above: int
    """Lines above the first row."""


def utf8(name: str, content: bytes) -> bytes:
    """Return a text as UTF-8 without a mark; raise InputError where it is no text.

    UTF-16 with its mark and Windows' western code page are recoded, which takes memory twice.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = _recoded(name, content, "utf-16")
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content[:_CHUNK_BYTES]:
        raise file_fault(name, "holds NUL bytes: is it UTF-16 without its mark, or no text? Save it as UTF-8")
    if not content.isascii() and not _is_utf8(content):
        content = _recoded(name, content, "cp1252")
    return content if b"\n" in content[:_CHUNK_BYTES] else content.replace(b"\r", b"\n")


def _recoded(name: str, content: bytes, encoding: str) -> bytes:
    if len(content) > _MOST_RECODED_BYTES:
        raise file_fault(name, f"is no UTF-8 and more than {_MOST_RECODED_BYTES:,} bytes: save it as UTF-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} is {content[error.start]:#04x}"
        message = f"is no text in UTF-8, UTF-16 or Windows-1252: {byte}; save it as UTF-8"
        raise file_fault(name, message) from None
    return text.encode()


def _is_utf8(content: bytes) -> bool:
    chunks = (content[start : start + _CHUNK_BYTES] for start in range(0, len(content), _CHUNK_BYTES))
    try:
        deque(codecs.iterdecode(chunks, "utf-8"), maxlen=0)
    except UnicodeDecodeError:
        return False
    return True


def dialect_of(name: str, text: bytes) -> Dialect:
    """Return how a text in UTF-8 is written.

    Lines that begin with ``#`` at the top, titles above the header, a line of units below it and remarks
    below the rows are no rows.

    Raises
    ------
    InputError
        If there is no line of column names.
    """
    head = _head(name, text)
    separator, width = _separator(head)
    header = _header(head, separator, width)
    if header is None:
        opening = next((line for line in head if line.strip()), "")
        start = f"; its first line begins with {opening.strip()[:MAX_SHOWN]!r}" if opening.strip() else ""
        raise file_fault(name, f"has no columns: there is no line of column names above the rows{start}")
    cells = _cells(head[header], separator)
    columns = tuple(cell or ("index" if place == 0 else f"column {place + 1}") for place, cell in enumerate(cells))
    check_columns(name, columns)
    below = head[header + 1 :]
    described, units = _described(below, separator, width)
    comments = _comments(name, text)
    lines_above = comments + header + 1 + described
    first = _offset(text, lines_above)
    return Dialect(
        columns, units, separator, _decimal(below, separator), first, _stop(text, first, separator, width), lines_above
    )


def _comments(name: str, text: bytes) -> int:
    """Return how many comment lines stand at the top."""
    comments = re.match(rb"(?:#[^\n]*\n?){0,%d}" % (MAX_COMMENTS + 1), text)
    count = len(comments[0].splitlines()) if comments else 0
    if count > MAX_COMMENTS:
        raise file_fault(name, f"starts with more than {MAX_COMMENTS} comment lines")
    return count


def _head(name: str, text: bytes) -> list[str]:
    """Return the first lines below the comments."""
    start = _offset(text, _comments(name, text))
    lines = text[start : start + _SNIFFED_BYTES].split(b"\n", _LOOKED_AT)
    if len(lines) > 1 and len(text) > start + _SNIFFED_BYTES:
        lines = lines[:-1]
    shown = [line.decode("utf-8", "replace").rstrip("\r") for line in lines[:_LOOKED_AT]]
    if any(line.count(separator) >= MAX_COLUMNS for line in shown for separator in SEPARATORS):
        raise file_fault(name, f"has more than {MAX_COLUMNS} columns")
    return shown


def _offset(text: bytes, lines: int) -> int:
    start = 0
    for _ in range(lines):
        end = text.find(b"\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    return start


def _separator(head: list[str]) -> tuple[str, int]:
    """Return what separates the columns, and how many there are."""
    found = [
        (lines, -place, width, separator)  # the most lines, and of equals the usual separator
        for place, separator in enumerate(SEPARATORS)
        for width, lines in Counter(len(_cells(line, separator)) for line in head if separator in line).items()
    ]
    _, _, width, separator = max(found, default=(0, 0, 1, ","))
    return separator, width


def _cells(line: str, separator: str) -> list[str]:
    try:
        rows = list(csv.reader([line], delimiter=separator))
    except csv.Error:
        return []
    return [cell.strip() for cell in rows[0]] if rows else []


def _header(head: list[str], separator: str, width: int) -> int | None:
    """Return the line of column names: the first of those of full width right above the first row."""
    found = None
    for place, line in enumerate(head):
        if _is_header(line, separator, width):
            found = place if found is None else found
        elif found is not None and len(_cells(line, separator)) == width and line.strip():
            return found
        elif found is not None and width > 1:  # another title, or a blank line below one
            found = None
    return next((place for place, line in enumerate(head) if _is_header(line, separator, width)), None)


def _is_header(line: str, separator: str, width: int) -> bool:
    """Tell whether a line has a name for almost every column and no values."""
    cells = _cells(line, separator)
    named = [cell for cell in cells if cell]
    if len(cells) != width or not named or not line.strip():
        return False
    # an index that pandas wrote has no name
    return not _STARTS_A_VALUE.match(named[0]) and (2 * len(named) > len(cells) or not cells[0])


def _described(below: list[str], separator: str, width: int) -> tuple[int, tuple[str, ...]]:
    """Return how many lines below the header say what the columns are, and the units that they say.

    Lines that tell no unit are no such lines.
    """
    units = None
    for count, line in enumerate(below):
        cells = _cells(line, separator)
        if len(cells) != width or any(_STARTS_A_VALUE.match(cell) for cell in cells):
            return (count, units) if units else (0, ("",) * width)
        if units is None and any(parse_unit(cell) for cell in cells if cell):
            units = tuple(cell.strip("[]() ") for cell in cells)
    return 0, ("",) * width


def _decimal(below: list[str], separator: str) -> str:
    """Return what stands before decimals, as the first rows have it; empty where they leave it open."""
    cells = [cell for line in below for cell in _cells(line, separator)]
    counts = {mark: sum(bool(re.match(number, cell)) for cell in cells) for mark, number in MARKED.items()}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ""


def _stop(text: bytes, start: int, separator: str, width: int) -> int:
    """Return where the rows end: before blank lines, and before remarks that a blank line sets off."""
    stop = len(text)
    while stop > start and text[stop - 1 : stop] in {b"\n", b"\r"}:
        stop -= 1
    tail_start = max(start, stop - _TAIL_BYTES)
    tail = text[tail_start:stop]
    gap = re.search(rb"\r?\n[ \t]*\r?\n", tail)
    if gap is None or width == 1:
        return stop
    below = tail[gap.end() :].decode("utf-8", "replace").splitlines()
    if any(len(_cells(line, separator)) == width for line in below if line.strip()):
        return stop
    return tail_start + gap.start()
