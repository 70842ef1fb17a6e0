"""Write files whole or not at all, so that no crash leaves half of one."""

import contextlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = [
    "MADE",
    "WRITTEN",
    "ChangedElsewhereError",
    "Kept",
    "hush",
    "same_times",
    "sweep",
    "write_all",
    "write_whole",
]

# Written into the client's folder by a report itself.
MADE = ("customer_key.csv",)
# Marks a sheet that the workbook wrote, so that it is never taken for a client's data.
WRITTEN = {"category": "customer-logistics workbook"}


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside it first, then renamed over it."""
    write_all(path.parent, {path.name: content})


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files of one folder: all beside their places first, and only then renamed.

    So a disk that is full leaves all of the earlier files.

    Raises
    ------
    OSError
        If one can't be written; none has changed then.
    """
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for name, content in files.items():
            _write(parts[name], content.encode() if isinstance(content, str) else content)
        for name, part in parts.items():
            part.replace(folder / name)
    except OSError:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    _keep_names(folder)


def _write(part: Path, data: bytes) -> None:
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _keep_names(folder: Path) -> None:
    """Have the disk keep the names too, where a folder can be opened for that."""
    with contextlib.suppress(OSError):
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


class ChangedElsewhereError(ValueError):
    """A file that was to be written has been written by another since it was read."""


@dataclass
class Kept:
    """A file that one page keeps and that others may open too: no one's words are written over.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "kept.txt"
    >>> one, two = Kept(path), Kept(path)
    >>> one.write("Why so late?")
    >>> two.write("How many?")
    Traceback (most recent call last):
    workbook.files.ChangedElsewhereError: kept.txt
    """

    path: Path
    _known: bytes | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = self._there()

    def _there(self) -> bytes | None:
        return self.path.read_bytes() if self.path.is_file() else None

    def write(self, content: str) -> None:
        """Write the file whole.

        Raises
        ------
        ChangedElsewhereError
            If it is no longer as it was when last read or written here; it stays as it is then.
        """
        if self._there() != self._known:
            raise ChangedElsewhereError(self.path.name)
        write_whole(self.path, content)
        self._known = content.encode()


def sweep(folder: Path) -> None:
    """Remove what a writer left that was killed in the middle."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def hush() -> Iterator[None]:
    """Keep what libraries and processes write to the error stream itself from the client's console.

    They inherit the stream, so it is the stream that has to be turned away.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def same_times(archive: bytes) -> bytes:
    """Return an archive (a .docx, say) whose members all bear one date: same content, same bytes.

    Examples
    --------
    >>> made = io.BytesIO()
    >>> with zipfile.ZipFile(made, "w") as pack:
    ...     pack.writestr("a.txt", "a")
    >>> zipfile.ZipFile(io.BytesIO(same_times(made.getvalue()))).getinfo("a.txt").date_time[0]
    2026
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            stamped = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            new.writestr(stamped, old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
