"""Generate the sample clients: seeded cases with planted problems and their written truth.

Every case draws from independent random streams, one per mechanism, so that switching one problem
on changes the rows that it touches and no others. `truth.json` says what was planted, where, and
what the generated data really show, so that an analysis can be marked.
"""

import importlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from holidays import country_holidays

from workbook.resources import data_path
from workbook.schema import columns, nearest

__all__ = [
    "CASES",
    "Sample",
    "Streams",
    "at_minute",
    "claims_of",
    "day_of",
    "generate",
    "log_of",
    "of_the_rest",
    "pick",
    "poisson",
    "rating",
    "read_case",
    "shipped_samples",
    "typed",
    "working_days",
    "write_sample",
    "written_tables",
]

# A case has a description in data/cases and a module with build(streams, on, scale), which returns
# the tables and the facts: affected ids and realised figures by problem and decoy.
CASES = {
    "brzoza-dom": (1, "workbook.brzoza_dom"),
    "norddrive-teile": (2, "workbook.norddrive"),
    "zimny-szlak": (3, "workbook.zimny"),
}


@dataclass(frozen=True)
class Sample:
    """One generated client: its tables (CONTRACT's columns), its profile and the planted truth."""

    name: str
    tables: dict[str, pd.DataFrame]
    profile: dict[str, object]
    truth: dict[str, object]


@dataclass(frozen=True)
class Streams:
    """Independent random streams of one case: call it with the number of a mechanism.

    Examples
    --------
    >>> draw = Streams(seed=7, case=1)
    >>> bool(draw(3).random() == draw(3).random()), bool(draw(3).random() == draw(4).random())
    (True, False)
    """

    seed: int
    case: int

    def __call__(self, mechanism: int) -> np.random.Generator:
        sequence = np.random.SeedSequence(entropy=self.seed, spawn_key=(self.case, mechanism))
        return np.random.Generator(np.random.PCG64(sequence))


def pick(u: np.ndarray, shares: Mapping[object, float]) -> np.ndarray:
    """Turn uniform numbers of [0, 1) into values with the given shares (inverse distribution).

    Examples
    --------
    >>> pick(np.array([0.1, 0.5, 0.99]), {"web": 0.4, "app": 0.6}).tolist()
    ['web', 'app', 'app']
    """
    edges = np.cumsum(list(shares.values()))[:-1]
    return np.array(list(shares))[np.searchsorted(edges, u, side="right")]


def poisson(u: np.ndarray, mean: float) -> np.ndarray:
    """Turn uniform numbers into Poisson counts by the inverse distribution.

    Examples
    --------
    >>> poisson(np.array([0.3, 0.31, 0.999]), 1.2).tolist()
    [0, 1, 6]
    """
    terms = np.concatenate([[1.0], mean / np.arange(1, 30)])
    return np.searchsorted(np.cumsum(np.cumprod(terms)) * np.exp(-mean), u, side="right")


def working_days(country: str, years: Iterable[int]) -> np.busdaycalendar:
    """Return Monday to Friday without a country's public holidays.

    Examples
    --------
    >>> calendar = working_days("PL", [2024, 2025])  # 24 December became a holiday in 2025
    >>> np.is_busday(["2024-12-24", "2025-12-24"], busdaycal=calendar).tolist()
    [True, False]
    """
    days = sorted(country_holidays(country, years=list(years)))
    return np.busdaycalendar(holidays=np.array(days, "datetime64[D]"))


def generate(
    name: str,
    *,
    seed: int = 22,
    problems: str | Iterable[str] = "all",
    scale: float = 1.0,
) -> Sample:
    """Generate a sample client in memory.

    Parameters
    ----------
    name : str
        A case, such as brzoza-dom.
    seed : int, ≥ 0
        The same seed gives the same tables.
    problems : str or iterable of str
        "all", "none" (the clean twin: only the usual base failures), or ids such as "A3,A7".
    scale : float, > 0
        1 is the full size of the case.

    Raises
    ------
    ValueError
        If the case or a problem is not known, or seed or scale is out of range.

    Examples
    --------
    >>> sample = generate("brzoza-dom", problems="A3", scale=0.01)
    >>> len(sample.tables["steps"]), list(sample.truth["problems"])
    (15, ['A3'])
    """
    case = read_case(name)
    on = _switched_on(list(case["problems"]), problems)
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed {seed!r} can't be used; write a whole number of 0 or more")
    if not 0.001 <= scale <= 100:
        raise ValueError(f"scale {scale!r} can't be used; write a number from 0.001 to 100")
    number, module = CASES[name]
    build = importlib.import_module(module).build
    tables, facts = build(Streams(int(seed), number), on, scale)
    head = {"case": name, "seed": int(seed), "scale": scale, "base": facts["base"]}
    return Sample(name, tables, case["profile"], head | _truth(case, on, facts))


def read_case(name: str) -> dict[str, dict]:
    """Return a case's description: profile, shares, problems, decoys.

    Raises
    ------
    ValueError
        If there is no such case.
    """
    if name not in CASES:
        raise ValueError(f"sample {name!r} is not known; {_did_you_mean(name, CASES)}")
    return yaml.safe_load(data_path("cases", f"{name}.yaml").read_text(encoding="utf-8"))


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    hint = nearest(name, names)
    return f"did you mean {hint!r}?" if hint else f"write one of {', '.join(names)}"


def _switched_on(known: list[str], wanted: str | Iterable[str]) -> list[str]:
    if isinstance(wanted, str):
        wanted = {"all": known, "none": []}.get(wanted, wanted.split(","))
    wanted = [str(one).strip() for one in wanted]
    for one in wanted:
        if one not in known:
            hint = _did_you_mean(one, known)
            raise ValueError(f"problem {one!r} is not known; {hint} (all and none are allowed too)")
    return [one for one in known if one in wanted]


def _truth(case: dict[str, dict], on: list[str], facts: dict[str, dict]) -> dict[str, object]:
    problems = {}
    for one in on:
        place = {key: case["problems"][one]["expected"][key] for key in ("where", "period")}
        problems[one] = {"id": one, **place, **case["problems"][one], **facts[one]}
    decoys = {one: {"id": one, **case["decoys"][one], **facts[one]} for one in case["decoys"]}
    return {"problems": problems, "decoys": decoys}


def of_the_rest(share: float, already: float) -> float:
    """Return the share to draw from the rest, so that with those already drawn it is `share`.

    Examples
    --------
    >>> round(of_the_rest(0.5, 0.2), 6)
    0.375
    """
    return (share - already) / (1 - already)


def at_minute(days: np.ndarray, minutes: np.ndarray | float) -> np.ndarray:
    """Return the moments so many whole minutes after the start of the days.

    Examples
    --------
    >>> str(at_minute(np.datetime64("2025-01-06"), 90.7))
    '2025-01-06T01:30'
    """
    return np.asarray(days).astype("datetime64[m]") + np.asarray(minutes).astype(int)


def day_of(moments: np.ndarray) -> np.ndarray:
    """Return the days of moments.

    Examples
    --------
    >>> str(day_of(np.datetime64("2025-01-06T23:59")))
    '2025-01-06'
    """
    return np.asarray(moments).astype("datetime64[D]")


def rating(mean: np.ndarray, u: np.ndarray, v: np.ndarray, spread: float = 0.2) -> np.ndarray:
    """Turn uniform numbers into answers of 1 to 5 whose mean is exact between 2 and 4.

    Examples
    --------
    >>> rating(3.5, np.array([0.2, 0.7, 0.7]), np.array([0.5, 0.5, 0.1])).tolist()
    [3.0, 4.0, 3.0]
    """
    answer = np.floor(np.clip(mean + u, 1, 5))
    nudge = np.where(v < spread, -1, 0) + np.where(v > 1 - spread, 1, 0)
    return answer + np.where((answer > 1) & (answer < 5), nudge, 0)


def written_tables(case: Mapping[str, dict], on: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Return the tables that a case's description has in full, as CSV.

    A row with `when` is there if that problem is on, or is off ("not B9"). `rate` is per hour of
    touch time and becomes the cost; a row of `n` people becomes one for each.
    """
    tables = {}
    for name, text in case["tables"].items():
        rows = pd.read_csv(io.StringIO(text), skipinitialspace=True)
        if "when" in rows:
            word = rows["when"].fillna("")
            switched = word.str.removeprefix("not ").isin(list(on)) != word.str.startswith("not ")
            rows = rows[switched | (word == "")]
        if "rate" in rows:
            rows = rows.assign(cost=(rows["touch_minutes"] * rows["rate"] / 60).round(2))
        if "n" in rows:
            rows = rows.loc[rows.index.repeat(rows["n"])]
            rows["person"] = [f"P{1 + number}" for number in rows.groupby("step_id").cumcount()]
        tables[name] = typed(
            rows.astype({"date": "datetime64[us]"} if "date" in rows else {}), name
        )
    return tables


def log_of(orders: pd.DataFrame, moments: Mapping[str, str], **more: object) -> pd.DataFrame:
    """Return the orders' events: by activity the column that says when; none where blank."""
    facts = [
        orders[["order_id"]].assign(activity=name, event_at=orders[at], place=place, **more)
        for place, (name, at) in enumerate(moments.items())
    ]
    return pd.concat(facts).dropna(subset="event_at")


def claims_of(orders: pd.DataFrame, reasons: Mapping[str, str], other: str) -> pd.DataFrame:
    """Return the claims of the orders that are `claimed`: opened soon after they were delivered."""
    o = orders[orders["claimed"]].sort_values(["settled_at", "order_id"])
    facts = {"claim_id": "Q" + o["order_id"].str.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    facts |= {"opened_at": o["delivered"] + pd.Timedelta(minutes=90)}
    facts |= {"closed_at": o["settled_at"], "cost": o["claim_cost"]}
    facts["reason"] = np.select([o[one] for one in reasons], list(reasons.values()), other)
    return typed(o.assign(**facts), "claims")


def typed(frame: pd.DataFrame, table: str, *, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Keep a table's columns (and extra ones), in the dictionary's order and with its types.

    Examples
    --------
    >>> frame = pd.DataFrame({"line_no": [1], "order_id": ["A"], "hidden": [0]})
    >>> typed(frame, "order_lines").to_dict("list")
    {'order_id': ['A'], 'line_no': ['1']}
    """
    types = {"number": "float64", "date": "datetime64[us]"}
    kinds = {name: types.get(column.kind, "str") for name, column in columns(table).items()}
    kinds |= dict.fromkeys(extra, "float64")
    kinds = {name: kind for name, kind in kinds.items() if name in frame}
    return frame[list(kinds)].astype(kinds).reset_index(drop=True)


def write_sample(name: str, folder: str | Path, **options: object) -> Path:
    """Write a sample as a client folder, with FOLDER.truth.json beside it; return the folder.

    The options are those of `generate`. The folder appears whole or not at all.

    Raises
    ------
    ValueError
        If the folder is there and not empty, or an option is wrong.
    """
    folder = Path(folder).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already; give a new or an empty folder")
    sample = generate(name, **options)
    try:
        _write_whole(folder, sample)
    except OSError as fault:
        reason = f"{folder} can't be written ({fault.strerror}); choose another folder"
        raise ValueError(reason) from None
    return folder


def _write_whole(folder: Path, sample: Sample) -> None:
    """Write beside the folder first, so that it appears whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _write(
            partial / "client.yaml",
            yaml.safe_dump(sample.profile, sort_keys=False, allow_unicode=True),
        )
        for table, frame in sample.tables.items():
            text = frame.apply(_as_text).to_csv(index=False, lineterminator="\n")
            _write(partial / f"{table}.csv", text)
        _write(partial / "truth.json", _readable(sample.truth))
        (partial / "truth.json").replace(folder.with_name(f"{folder.name}.truth.json"))
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column.dropna() == column.dropna().dt.normalize()).all()
        return column.dt.strftime("%Y-%m-%d" if days else "%Y-%m-%dT%H:%M")
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        return column.astype("Int64")
    return column


def _write(path: Path, text: str) -> None:
    # Bytes, so that line ends are the same on every system.
    path.write_bytes(text.encode("utf-8"))


def _readable(value: object, depth: int = 2) -> str:
    """Spread the outer levels over lines and keep long lists of ids on one."""
    if not isinstance(value, Mapping) or not value or not depth:
        return json.dumps(value, ensure_ascii=False)
    inner = [f"{json.dumps(key)}: {_readable(value[key], depth - 1)}" for key in value]
    return "{\n" + ",\n".join(inner) + "\n}" + ("\n" if depth == 2 else "")


def shipped_samples() -> Sequence[Path]:
    """Return the folders of the sample clients that travel with the package."""
    return sorted(path.parent for path in data_path().glob("*/client.yaml"))
