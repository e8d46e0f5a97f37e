"""The one way to write: a file or folder is whole or absent, whatever stops the program, and says so plainly.

What is being written lies beside its place as ``.<name>.<process>-<machine>-<number>.partial``. A process
that was killed leaves that at most, and the next that writes there clears it.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from platform import node
from stat import S_ISDIR
from tempfile import gettempdir
from typing import IO, Final
from zlib import crc32

from sim.errors import ResultError

LETTERS: Final = 40
"""Letters of a name that its temporary name repeats: a long name must not become too long by it."""
SCRATCH: Final = "hashballast"
"""What temporary folders for runs that are not kept are called."""
_MACHINE: Final = f"{crc32(node().encode()):08x}"
_NUMBER: Final = count()
_LEFT: Final = re.compile(rf"\..+\.(\d+)-{_MACHINE}-\d+\.partial")


def write_whole(path: Path, content: bytes | str, *, is_new: bool = False, is_synced: bool = True) -> None:
    """Write a file so that it is whole or absent, see `whole_file`; text as UTF-8 with its line ends kept."""
    with whole_file(path, is_new=is_new, is_synced=is_synced) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path, *, is_new: bool = False, is_synced: bool = True) -> Iterator[IO[bytes]]:
    """Write a file so that it is whole or absent, even if the machine stops in between.

    Parameters
    ----------
    path
        The file; its folder must be there.
    is_new
        Whether what stands there already is left alone, and refused.
    is_synced
        Whether it is on disk in the end, and leftovers beside it are gone. Who writes many files does both
        once, with `os.sync` and `clear_leftovers`: till then a machine that stops may leave one in part.

    Yields
    ------
    file
        To write bytes into.

    Raises
    ------
    ResultError
        It cannot be written, such as for want of room; what was there before is there still.
    """
    temporary = _beside(path)
    with said_plainly(path, "written anew" if is_new else "written"):
        if is_new and os.path.lexists(path):
            raise ResultError(f"{path}: cannot be written anew (it is there already)")
        if is_synced:
            clear_leftovers(path.parent)
        try:
            with temporary.open("xb") as file:
                yield file
                if is_synced:
                    file.flush()
                    os.fsync(file.fileno())
            (_give_new_name if is_new else Path.replace)(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        if is_synced:
            _sync_folder(path.parent)


def _give_new_name(temporary: Path, path: Path) -> None:
    """Give a file its name unless another has it; where no file may have two names, look before."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise ResultError(f"{path}: cannot be written anew (it is there already)") from None
    except OSError:
        if os.path.lexists(path):
            raise
        temporary.replace(path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder that is whole or absent: filled under a temporary name beside it, then renamed.

    Parameters
    ----------
    path
        The folder to make; its parents are made too.

    Yields
    ------
    pathlib.Path
        The temporary folder to write into.

    Raises
    ------
    ResultError
        Something stands there already that is no empty folder, none can be made there, or what it holds
        cannot be written.
    """
    with said_plainly(path, "made"):
        require_new(path).parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(path.parent)
        temporary = _beside(path)
        temporary.mkdir()
        try:
            yield temporary
            _commit(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def make_once(path: Path, fill: Callable[[Path], None]) -> bool:
    """Make a folder as `new_folder` unless one with something in it is there, and return whether it is new.

    Who makes the same folder at the same time and comes second finds it there.

    Parameters
    ----------
    path
        The folder to make.
    fill
        Told the temporary folder to write into.
    """
    if path.is_dir() and not _may_be_replaced(path):
        return False
    try:
        with new_folder(path) as temporary:
            fill(temporary)
    except ResultError:
        if path.is_dir() and not _may_be_replaced(path):
            return False
        raise
    return True


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder among the system's temporary ones, for as long as it is needed; nobody else may look in.

    Those that a killed process of the same user left over are cleared.
    """
    place = Path(gettempdir())
    clear_leftovers(place, SCRATCH)
    folder = _beside(place / SCRATCH)
    with said_plainly(folder, "made"):
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_new(path: Path) -> Path:
    """Return the path of a folder to make, if one can be made there as far as that can be told beforehand.

    Raises
    ------
    ResultError
        Something stands there already that is no empty folder, or none can be made there.
    """
    with said_plainly(path, "made"):
        if path.exists() and not _may_be_replaced(path):
            raise ResultError(f"{path}: is there already; name another folder with --out")
        above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir():
        raise ResultError(f"{path}: cannot be made ({above} is no folder)")
    if not os.access(above, os.W_OK):
        raise ResultError(f"{path}: cannot be made (no right to write into {above})")
    return path


def _may_be_replaced(path: Path) -> bool:
    """Return whether a path is an empty folder, no link, that another may take the place of."""
    stays = path.is_symlink() or not path.is_dir() or path.is_mount() or path.samefile(Path.cwd())
    return not stays and not any(path.iterdir())


def clear_leftovers(folder: Path, name: str = "") -> None:
    """Clear what killed processes of this user and machine left half written in a folder.

    Parameters
    ----------
    folder
        Where to look; one that is not there holds nothing.
    name
        What the names begin with, after their dot.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _LEFT.fullmatch(entry.name) if entry.name.startswith(f".{name}") else None
            if found is not None and not _lives(int(found[1])):
                _clear(Path(entry.path))


def _clear(path: Path) -> None:
    with suppress(OSError):
        kind = path.lstat()
        if kind.st_uid == os.geteuid():
            shutil.rmtree(path) if S_ISDIR(kind.st_mode) else path.unlink()


@contextmanager
def said_plainly(path: Path, done: str) -> Iterator[None]:
    """Turn what the operating system refuses into a line for the user: this cannot be done, and why."""
    try:
        yield
    except OSError as error:
        raise ResultError(f"{path}: cannot be {done} ({error.strerror or error})") from error


def _beside(path: Path) -> Path:
    return path.parent / (f".{path.name[:LETTERS]}.{os.getpid()}-{_MACHINE}-{next(_NUMBER)}.partial")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's, which lives
        return True
    return True


def _commit(temporary: Path, path: Path) -> None:
    """Have every file of a folder put on disk, then give the folder its name."""
    for file in temporary.rglob("*"):
        _sync(file)
    _sync(temporary)
    temporary.rename(path)
    _sync_folder(path.parent)


@contextmanager
def alone(path: Path, refusal: str) -> Iterator[None]:
    """Hold a lock in a file, made anew; a process that is killed lets go of it.

    Raises
    ------
    ResultError
        Another process holds it: what the refusal says.
    """
    with path.open("w") as file:
        try:
            import fcntl  # noqa: PLC0415  # Windows has none: two processes may do the same there

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError as error:
            raise ResultError(refusal) from error
        yield


def _sync_folder(folder: Path) -> None:
    """Make a rename last; where a folder cannot be opened, the system does so by itself."""
    with suppress(PermissionError):
        _sync(folder)


def _sync(path: Path) -> None:
    """Have the operating system put a file or folder on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
