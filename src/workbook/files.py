"""Write files whole or not at all, so that no crash leaves half of one."""

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside it first, then renamed over it."""
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
