"""Estimate how long a process takes from three times per step, and the chance to keep a due time.

Known to be optimistic: where branches meet, the later one counts, and the longest mean path alone
does not show how often another branch is later (merge event bias).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook.display import Face
from workbook.language import Language
from workbook.process import Process
from workbook.results import Finding

__all__ = ["Estimate", "estimate_times"]

_THREE = ["optimistic_minutes", "touch_minutes", "pessimistic_minutes"]


@dataclass(frozen=True, eq=False)
class Estimate(Face):
    """The time of a process as a sum of uncertain times; all in minutes.

    `data`: step_id, step, mean (wait included), variance, critical, close (off the longest path,
    but with less slack than one standard deviation of it). `mean`, `variance` are the longest
    path's; `n_certain` steps have no three times and count as certain.
    """

    data: pd.DataFrame
    process: Process
    mean: float
    variance: float
    n_certain: int
    language: str = "en"

    def chance(self, due_minutes: float) -> float:
        """Return the probability to be done in time, after the normal distribution; optimistic.

        Examples
        --------
        >>> nine = {"optimistic_minutes": [6], "touch_minutes": [9], "pessimistic_minutes": [12]}
        >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]} | nine)
        >>> from workbook.process import build_process
        >>> round(estimate_times(build_process(steps)).chance(10), 3)
        0.841
        """
        if not self.variance:
            return float(due_minutes >= self.mean) if self.mean == self.mean else math.nan
        return float(norm.cdf((due_minutes - self.mean) / math.sqrt(self.variance)))

    def due(self, chance: float = 0.95) -> float:
        """Return the due time that is kept with this probability, in minutes."""
        return float(self.mean + norm.ppf(chance) * math.sqrt(self.variance))

    def simulated(self, due_minutes: float, seed: int, runs: int = 10_000) -> float:
        """Return the share of simulated runs done in time, all branches played: no merge bias.

        Times are drawn from the beta-PERT distribution of each step's three times.
        """
        rng, process = np.random.default_rng(seed), self.process
        finish: dict[str, np.ndarray] = {}
        for step in process.order:
            row = process.steps.loc[step]
            low, usual, high = row[_THREE]
            drawn = np.full(runs, np.nan_to_num(usual))
            if low < high:
                a = 1 + 4 * (usual - low) / (high - low)
                drawn = low + (high - low) * rng.beta(a, 6 - a, runs)
            before = [finish[name] for name in process.graph.predecessors(step)]
            start = np.max(before, axis=0) if before else 0.0
            finish[step] = start + drawn + np.nan_to_num(row["wait_minutes"])
        return float((np.max([*finish.values()], axis=0) <= due_minutes).mean())

    def caption(self, say: Language) -> str:
        return say("Mean time and spread of each step")

    def sentence(self, say: Language) -> str:
        """Say mean and spread, the due time kept in 95 of 100, and that this is optimistic."""
        if self.mean != self.mean:
            return say("No times are known, so nothing is estimated.")
        told = say(
            "Mean {mean}, standard deviation {spread}; {due} are kept in 95 of 100 cases at best.",
            mean=say.minutes(self.mean),
            spread=say.minutes(math.sqrt(self.variance)),
            due=say.minutes(self.due()),
        )
        close = int(self.data["close"].sum())
        return f"{told} " + say.plural(
            "This is optimistic: {n} step on other branches can become the longest.",
            "This is optimistic: {n} steps on other branches can become the longest.",
            close,
        )

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        spread = lambda variance: say.minutes(math.sqrt(variance))
        path = lambda critical: say("yes") if critical else say("no")
        return {
            say("Step"): (str, "step"),
            say("Mean time"): (say.minutes, "mean"),
            say("Standard deviation"): (spread, "variance"),
            say("On the longest path"): (path, "critical"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        return self.process.plot(ax, say.code)

    def _found(self, say: Language) -> Iterator[Finding]:
        if self.variance:
            facts = {"n": len(self.data), "observed": self.mean, "expected": self.due()}
            yield Finding("time-estimate", "data", self.sentence(say), **facts)


def estimate_times(process: Process, *, language: str = "en") -> Estimate:
    """Estimate the time of a process by PERT: mean (a + 4m + b) / 6, variance ((b - a) / 6)².

    Parameters
    ----------
    process : Process
        With optimistic_minutes (a), touch_minutes (m, the usual time), pessimistic_minutes (b).
        A step that lacks one of the three counts with its touch time, as if it were certain.
    language : str

    References
    ----------
    Malcolm, Roseboom, Clark & Fazar 1959, Operations Research 7(5); on its optimism MacCrimmon &
    Ryavec 1964, Operations Research 12(1).

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> steps = steps.assign(optimistic_minutes=3, touch_minutes=6, pessimistic_minutes=15)
    >>> found = estimate_times(build_process(steps))
    >>> found.mean, found.variance
    (7.0, 4.0)
    """
    low, usual, high = (process.data[column] for column in _THREE)
    told = low.notna() & usual.notna() & high.notna()
    mean = ((low + 4 * usual + high) / 6).where(told, usual)
    variance = (((high - low) / 6) ** 2).where(told, 0.0).to_numpy()
    means = replace(process, data=process.data.assign(touch_minutes=mean))
    data = means.data[["step_id", "step"]].assign(mean=means.minutes.to_numpy(), variance=variance)
    data["critical"] = data["step_id"].isin(means.critical_path)
    spread = float(data.loc[data["critical"], "variance"].sum())
    slack = means.slack.to_numpy() if means.critical_path else math.inf
    data["close"] = ~data["critical"] & (slack < math.sqrt(spread))
    lead = means.lead_time_minutes
    return Estimate(data, process, lead, spread, int((~told).sum()), language)
