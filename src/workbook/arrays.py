"""Give a table's columns as plain arrays, whether it stands in pandas or comes from Arrow.

Text becomes small numbers: each word is compared once, however many rows say it.
"""

from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Columns", "Words", "hash_text"]

_NEVER = np.datetime64("NaT", "us")


class Words:
    """A text or yes/no column: its distinct values, and each row's code of one (-1: blank)."""

    def __init__(self, column: pa.Array | pa.ChunkedArray):
        if isinstance(column, pa.ChunkedArray):
            column = column.unify_dictionaries().combine_chunks()
        coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
        codes = coded.indices.fill_null(-1) if coded.null_count else coded.indices
        self.codes = codes.to_numpy(zero_copy_only=False)
        self.values: list[object] = coded.dictionary.to_pylist()

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, flags: list[bool] | np.ndarray) -> np.ndarray:
        """Give each row the flag of its value; a blank has none."""
        # The last place is read by the code -1.
        return np.array([*flags, False], bool)[self.codes]

    def says(self, *words: object) -> np.ndarray:
        """Tell which rows say one of these words."""
        return self.where([value in words for value in self.values])

    @cached_property
    def blank(self) -> np.ndarray:
        """Which rows say nothing."""
        return self.codes < 0

    def same(self, other: "Words") -> np.ndarray:
        """Tell which rows say the same in both columns, spaces around and case aside."""
        number: dict[str, int] = {}
        mine, theirs = (
            np.array([*(number.setdefault(_plain(value), len(number)) for value in each), -1])
            for each in (self.values, other.values)
        )
        return (mine[self.codes] == theirs[other.codes]) & ~self.blank


class Columns:
    """A table's columns as arrays of one length; a column that is not there has missing values."""

    def __init__(self, table: pd.DataFrame | pa.Table):
        self.table, self.n = table, len(table)
        self._words: dict[str, Words] = {}

    def has(self, *names: str) -> bool:
        """Tell whether one of these columns is there."""
        have = self.table.column_names if isinstance(self.table, pa.Table) else self.table
        return any(name in have for name in names)

    def dates(self, name: str) -> np.ndarray:
        """Return moments in microseconds."""
        if not self.has(name):
            return np.full(self.n, _NEVER)
        if isinstance(self.table, pa.Table):
            return self.table[name].to_numpy().astype("datetime64[us]", copy=False)
        return self.table[name].to_numpy("datetime64[us]")

    def numbers(self, name: str) -> np.ndarray:
        """Return numbers; NaN where there is none."""
        if not self.has(name):
            return np.full(self.n, np.nan)
        if isinstance(self.table, pa.Table):
            return self.table[name].to_numpy().astype(float, copy=False)
        return self.table[name].to_numpy(float, na_value=np.nan)

    def words(self, name: str) -> Words:
        """Return a column of text or of yes and no."""
        if name not in self._words:
            self._words[name] = Words(self._text(name))
        return self._words[name]

    def _text(self, name: str) -> pa.Array | pa.ChunkedArray:
        if not self.has(name):
            return pa.nulls(self.n, pa.string())
        if isinstance(self.table, pa.Table):
            return self.table[name]
        column = self.table[name]
        try:
            return pa.array(column, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # several kinds of values in one column
            return pa.array(column.where(column.isna(), column.astype("str")), from_pandas=True)

    def says(self, name: str, word: object) -> np.ndarray:
        """Tell which rows say a word."""
        return self.words(name).says(word) if self.has(name) else np.zeros(self.n, bool)

    def blank(self, name: str) -> np.ndarray:
        """Tell which rows say nothing."""
        return self.words(name).blank if self.has(name) else np.ones(self.n, bool)


def _plain(value: object) -> str:
    return str(value).strip().casefold()


def hash_text(column: pa.Array | pa.ChunkedArray, seed: np.ndarray | int = 0) -> np.ndarray:
    """Return a well-mixed code of 64 bits for each row; words of up to 8 bytes never share one.

    Parameters
    ----------
    column : Arrow array of text, whole numbers, or a dictionary of such
        A missing value counts as an empty one.
    seed : uint64 array, one per row, optional
        Codes to go on from, so that several columns make one key.

    Examples
    --------
    >>> a, b, c = hash_text(pa.array(["SO-000001234", "SO-000001235", "SO-000001234"]))
    >>> a == c, a == b
    (np.True_, np.False_)
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        codes = hash_text(column.dictionary)
        number = np.append(codes, np.uint64(0))[
            column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        ]
        return _mixed(number ^ np.asarray(seed, np.uint64))
    if pa.types.is_integer(column.type):
        number = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        return _mixed(number.view(np.uint64) ^ np.asarray(seed, np.uint64))
    return _hash_bytes(column.cast(pa.large_string()), np.asarray(seed, np.uint64))


def _hash_bytes(text: pa.LargeStringArray, seed: np.ndarray) -> np.ndarray:
    """Take the text eight bytes at a time."""
    _, ends, data = text.buffers()
    ends = np.frombuffer(ends, np.int64)[text.offset : text.offset + len(text) + 1]
    size, data = np.diff(ends), np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
    code = np.broadcast_to(seed, len(text)).copy()
    if len(text) and size.min() == size.max():
        words = _words_of_one_size(data.reshape(len(text), -1))
        for number in range(words.shape[1]):
            code = _mixed(code ^ words[:, number])
        return code
    raw = np.zeros(len(data) // 8 * 8 + 24, np.uint8)
    raw[: len(data)] = data
    words, start = raw.view(np.uint64), ends[:-1] - ends[0]
    for at in range(0, int(size.max(initial=0)), 8):
        rows = np.flatnonzero(size > at)
        code[rows] = _mixed(code[rows] ^ _word(words, start[rows] + at, size[rows] - at))
    return code


def _words_of_one_size(data: np.ndarray) -> np.ndarray:
    padded = np.zeros((len(data), -(-data.shape[1] // 8) * 8), np.uint8)
    padded[:, : data.shape[1]] = data
    return padded.view(np.uint64)


def _word(words: np.ndarray, place: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the eight bytes at a place between two words, without those that are another's."""
    word, shift = place >> 3, (place.astype(np.uint64) & np.uint64(7)) << np.uint64(3)
    found = words[word] >> shift | words[word + 1] << np.uint64(1) << (np.uint64(63) - shift)
    surplus = np.uint64(64) - (np.minimum(left, 8).astype(np.uint64) << np.uint64(3))
    return found << surplus >> surplus


def _mixed(code: np.ndarray) -> np.ndarray:
    """Spread a number's bits over all 64, each number to one of its own (as splitmix64 ends)."""
    code = (code ^ code >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    code ^= code >> np.uint64(27)
    code *= np.uint64(0x94D049BB133111EB)
    code ^= code >> np.uint64(31)
    return code
