"""Give a table's columns as plain arrays, whether it stands in pandas or comes from Arrow.

Text becomes small numbers: each word is compared once, however many rows say it.
"""

from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Columns", "Words"]

_NEVER = np.datetime64("NaT", "us")


class Words:
    """A text or yes/no column: its distinct values, and each row's code of one (-1: blank)."""

    def __init__(self, column: pa.Array | pa.ChunkedArray):
        if isinstance(column, pa.ChunkedArray):
            column = column.unify_dictionaries().combine_chunks()
        coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
        self.codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
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
