"""How a file that a stranger names is found: inside the folders allowed, a regular file, of bearable size."""

import stat
from pathlib import Path, PureWindowsPath

from sim.tables.limits import file_fault


def check_relative(name: str) -> None:
    """Raise InputError unless a name is relative, without ``..``, the same on every system."""
    parts = PureWindowsPath(name)  # splits at both slashes, and knows drives
    if parts.anchor or ".." in parts.parts or "\\" in name or not name.isprintable():
        must = "must be a path relative to the scenario's folder, with / between folders and without .."
        raise file_fault(name, must)


def find_inside(folder: Path, name: str) -> Path | None:
    """Return a file's real path, None where there is none; raise InputError if it leads out of the folder."""
    try:
        path = (folder / name).resolve(strict=True)
        inside = path.is_relative_to(folder.resolve())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except RuntimeError:  # what Python 3.11 raises for a link to itself
        raise file_fault(name, "is a symbolic link to itself") from None
    except (OSError, ValueError) as error:  # ValueError: a name that the file system cannot hold
        raise _unreadable(name, error) from None
    if not inside:
        raise file_fault(name, f"is a link that leads out of {folder}; must stay in its folder")
    return path


def read_regular(path: Path, name: str, max_bytes: int) -> bytes:
    """Return a file's content; raise InputError unless it is a regular file, not empty, of this size at most.

    It is looked at before it is opened: opening a pipe would wait for ever.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise file_fault(name, "is no regular file")
        if status.st_size > max_bytes:
            raise file_fault(name, f"is {status.st_size:,} bytes; must be {max_bytes:,} at most")
        content = path.read_bytes()
    except FileNotFoundError:
        raise file_fault(name, "no such file") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    if not content:
        raise file_fault(name, "is empty")
    return content


def _unreadable(name: str, error: Exception) -> Exception:
    return file_fault(name, f"cannot be read: {getattr(error, 'strerror', None) or error}")
