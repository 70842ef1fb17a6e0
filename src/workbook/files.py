"""Write files whole or not at all, so that no crash leaves half of one."""

import io
import os
import zipfile
from pathlib import Path

__all__ = ["same_times", "write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside it first, then renamed over it."""
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


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
