"""Try another contract on the same orders, or another way of work, and see at once what moves."""

from functools import cache

import pandas as pd

from workbook.data import Client
from workbook.ladder import definition_ladder
from workbook.language import Language
from workbook.process import Process
from workbook.rights import Rights, interval_words, measure_name, measure_rights, rate_words
from workbook.values import to_number
from workbook.whatif import Change, change_process, compare_processes

__all__ = ["ContractTrial", "own_choices", "read_change", "try_changes"]

_DAYS = ("early_days", "late_days")
Choices = dict[str, object]


def own_choices(client: Client) -> Choices:
    """Return the choices that a workshop may change, as the client's contract has them.

    Examples
    --------
    >>> from workbook.data import open_client
    >>> own_choices(open_client("brzoza-dom"))["granularity"]
    'day'
    """
    profile = client.profile
    own = {name: getattr(profile, name) for name in ("due", "granularity")}
    return own | {name: profile.tolerance[name] for name in _DAYS} | {"rights": [*profile.rights]}


class ContractTrial:
    """The same orders under one choice after the other; what was measured once is kept.

    Examples
    --------
    >>> from workbook.data import open_client
    >>> trial = ContractTrial(open_client("brzoza-dom"))
    >>> later = own_choices(trial.client) | {"late_days": 5}
    >>> rates = [trial.rights(each).overall("otif")["confirmed"] for each in (trial.own, later)]
    >>> bool(rates[0] < rates[1])
    True
    """

    def __init__(self, client: Client):
        self.client, self.own = client, own_choices(client)
        self._kept: dict[str, Rights] = {}
        # Of all definitions, only the client's own moves with due dates and tolerances.
        self._ladder = cache(self._measure_ladder)

    def rights(self, choices: Choices) -> Rights:
        """Measure the rights under some choices."""
        key = repr(choices)
        if key not in self._kept:
            given = {name: value for name, value in choices.items() if name not in _DAYS}
            tolerance = self.client.profile.tolerance | {name: choices[name] for name in _DAYS}
            given |= {"rights": tuple(choices["rights"]), "tolerance": tolerance}
            self._kept[key] = measure_rights(self.client, **given)
        return self._kept[key]

    def figures(self, choices: Choices, say: Language) -> tuple[str, str, str]:
        """Say the rate of perfect orders: the figure, its name and its interval."""
        rights = self.rights(choices)
        row = rights.overall(rights.headline)
        beside = say("95% interval {interval}", interval=interval_words(row["interval"], say))
        return rate_words(row, say), measure_name(row["measure"], say), beside

    def rungs(self, choices: Choices, say: Language) -> list[dict[str, object]]:
        """Return how the same orders read by each definition: label, value, words, own."""
        confirmed = self.rights(choices).overall("otif")["confirmed"]
        rows = self._ladder(choices["granularity"], say)
        rows = rows.assign(value=rows["value"].mask(rows["own"], confirmed)).dropna(subset="value")
        rows["words"] = rows["value"].map(say.percent)
        return rows.sort_values("value", ascending=False, kind="stable").to_dict("records")

    def _measure_ladder(self, granularity: str, say: Language) -> pd.DataFrame:
        ladder = definition_ladder(self.rights(self.own | {"granularity": granularity}))
        label = ladder.table(say.code).iloc[:, 0].to_numpy()
        own = ladder.data["definition"] == "own"
        return pd.DataFrame({"label": label, "value": ladder.data["value"], "own": own})


def read_change(step: str, kind: str, value: str) -> dict[str, object] | None:
    """Return a change of a step as `change_process` takes it; None if its time can't be read.

    Examples
    --------
    >>> read_change("pick", "wait_minutes", "2 h"), read_change("pick", "remove", "")
    ({'step_id': 'pick', 'wait_minutes': 120.0}, {'remove': 'pick'})
    """
    if kind in ("remove", "parallel"):
        return {kind: step if kind == "remove" else [step, value]}
    if kind == "role":
        return {"step_id": step, "role": value}
    read = to_number(pd.Series([value], dtype="str"), unit="min").series.iloc[0]
    return {"step_id": step, kind: float(read)} if read >= 0 else None


def try_changes(process: Process, changes: list[dict], language: str) -> tuple[Change, list[str]]:
    """Make the changes one after the other; return the comparison, and what could not be made.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Pack"], "role": "Store"}
    >>> today = build_process(pd.DataFrame(steps | {"predecessors": ["", "a"]}))
    >>> change, told = try_changes(today, [{"remove": "b"}, {"remove": "c"}], "en")
    >>> len(change.after.data), told
    (1, ["there is no step 'c'; write one of a"])
    """
    after, told = process, []
    try:
        after = change_process(process, changes)
    except ValueError:  # one of them; which?
        for each in changes:
            try:
                after = change_process(after, [each])
            except ValueError as fault:
                told.append(str(fault))
    return compare_processes(process, after, language=language), told
