"""Spoil awkward files at random: whatever comes is read or refused in words, soon.

FUZZ_SECONDS says for how long (default 600), FUZZ_SEED where to start.
"""

import io
import os
import random
import time
import zipfile

import pytest
from awkward import cases, zipped

import workbook as wb

SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
LONGEST = 30


def spoil(rng: random.Random, content: bytes) -> bytes:
    """Flip, cut, repeat or insert a few bytes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        at, n = rng.randrange(len(data) + 1), rng.choice((1, 2, 8, 100))
        match rng.randrange(5):
            case 0 if data:
                data[at % len(data)] = rng.randrange(256)
            case 1:
                del data[at : at + n]
            case 2:
                data[at:at] = data[at : at + n] * rng.choice((1, 2, 50))
            case 3:
                data[at:at] = rng.choice((b'"', b";", b"\n", b"\r", b"\0", b"\xff", b"9" * n, b"<"))
            case 4:
                del data[at:]
    return bytes(data)


def spoil_members(rng: random.Random, content: bytes) -> bytes:
    """Spoil one member of an archive, so that the archive itself stays sound."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(parts))
    parts[name] = spoil(rng, parts[name])
    return zipped(parts)


@pytest.mark.deep
def test_no_spoilt_file_brings_a_traceback(tmp_path):
    rng, end, n = random.Random(SEED), time.monotonic() + SECONDS, 0
    corpus = [case for case in cases(SEED) if len(case.content) < 200_000]
    while time.monotonic() < end:
        case, n = rng.choice(corpus), n + 1
        sound = case.orders is not None and case.content.startswith(b"PK")
        spoilt = (spoil_members if sound and rng.random() < 0.8 else spoil)(rng, case.content)
        path = tmp_path / case.file
        path.write_bytes(spoilt)
        start = time.process_time()  # not of the other work on a busy machine
        try:
            reading = wb.read_table(path, rng.choice(("order_lines",) * 8 + ("steps", "responses")))
        except BaseException:
            (tmp_path.parent / "spoilt").write_bytes(spoilt)
            raise
        assert reading.data is not None or reading.problems, (SEED, n, case.name)
        assert time.process_time() - start < LONGEST, (SEED, n, case.name)
