"""Hold the exercises of chapter 8: a standard, a promise, benchmarks, options, the policy."""

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later

__all__ = ["EXERCISES"]

_PARTS = {
    "measure": "orders arrive complete by the first promise",
    "target": "in at least 95 of 100 cases",
    "window": "counted per quarter",
    "segment": "for all shops",
    "owner": "the head of dispatch answers for it",
    "source": "written in the service policy of January",
}


def _sentence(rng: np.random.Generator) -> str:
    missing = rng.choice(list(_PARTS), rng.integers(2, 5), replace=False)
    said = [words for part, words in _PARTS.items() if part not in missing]
    return "We promise: " + "; ".join(said) + "."


def _missing(sentence: str) -> list[str]:
    return [part for part, words in _PARTS.items() if words not in sentence]


VAGUE = Exercise(
    id="8.1",
    minutes=5,
    kind="set",
    make=_sentence,
    answer=_missing,
    mistakes=(
        lambda sentence: [part for part in _PARTS if part not in _missing(sentence)],
        lambda sentence: list(_PARTS),
        lambda sentence: _missing(sentence)[:1],
    ),
    replies=(
        later("those are the parts that it has; name the ones that it lacks."),
        later("some of these it has already; read the sentence part by part."),
        later("that one is missing, and it isn't the only one."),
    ),
    moral=later("Until it says {answer}, nobody can break this promise, so nobody can keep it."),
    hints=(
        later("Six parts: measure, target, window, segment, owner, source. Tick off what is said."),
        later("What, how much, over which time, for whom, who answers, and written where?"),
        later("A number with a share is the target, a person the owner, a quarter the window."),
    ),
)


def _days(rng: np.random.Generator) -> pd.Series:
    days = rng.poisson(1.6, 80) + (rng.random(80) < 0.12) * rng.integers(2, 6, 80)
    return pd.Series(1 + days, name="business days")


def _promise(days: pd.Series, share: float) -> int:
    return next(day for day in range(1, 30) if (days <= day).mean() >= share)


PROMISE = Exercise(
    id="8.2",
    minutes=6,
    kind="number",
    make=_days,
    answer=lambda days: _promise(days, 0.95),
    mistakes=(
        lambda days: int(np.ceil(days.mean())),
        lambda days: _promise(days, 0.95) - 1,
        lambda days: int(days.max()),
    ),
    replies=(
        later("that is the mean, rounded up; more than 5 of 100 customers would wait longer."),
        later("a day too few: fewer than 95 of 100 arrive by then."),
        later("that is the slowest order of all; nobody needs to promise for that one."),
    ),
    moral=later("Promise {answer} business days and you keep your word to 95 of 100 customers."),
    hints=(
        later("Try whole days from one upwards: which share arrives by then?"),
        later("(days <= 4).mean() is the share that arrives within four days."),
        later("The first day at which that share is 0.95 or more."),
    ),
)

_CONTRACT = ["promise", "event", "level"]
_OURS, _OTHERS = ["first", "delivered", "order"], ["latest", "shipped", "unit"]


def _benchmarks(rng: np.random.Generator) -> pd.DataFrame:
    like = (rng.random((7, 3)) < 0.65) | np.isin(range(7), rng.choice(7, 2))[:, None]
    table = pd.DataFrame(np.where(like, _OURS, _OTHERS), list("ABCDEFG"), _CONTRACT)
    return table.assign(otif=rng.integers(84, 99, 7) / 100)


def _alike(table: pd.DataFrame, *names: str) -> list[str]:
    return table.index[(table[_CONTRACT] == _OURS)[list(names)].all(axis=1)].tolist()


BENCHMARK = Exercise(
    id="8.3",
    minutes=6,
    kind="set",
    make=_benchmarks,
    answer=lambda table: _alike(table, *_CONTRACT),
    mistakes=(
        lambda table: table.index,
        lambda table: _alike(table, "level"),
        lambda table: _alike(table, "promise", "level"),
    ),
    replies=(
        later("you took them all; one name, OTIF, stands for several measures here."),
        later("you looked at the level only; the promise and the event must be the same, too."),
        later("you let shipped pass for delivered; in between lies everything the carrier does."),
    ),
    moral=later(
        "Only {answer} can be compared with you. Beside the others, write: definitions differ."
    ),
    hints=(
        later("Three columns make the contract; all three must be like the client's."),
        later("The client counts whole orders, delivered, against the first promise."),
        later("Combine the three conditions with &."),
    ),
)


def _options(rng: np.random.Generator) -> pd.DataFrame:
    cost, service = rng.uniform(4, 12, 7).round(2), rng.uniform(0.8, 0.99, 7).round(3)
    return pd.DataFrame({"cost": cost, "service": service}, list("ABCDEFG"))


def _beaten(table: pd.DataFrame) -> np.ndarray:
    cost, service = table.to_numpy().T
    return ((cost <= cost[:, None]) & (service > service[:, None])).any(axis=1)


DOMINATED = Exercise(
    id="8.4",
    minutes=7,
    kind="set",
    make=_options,
    answer=lambda table: table.index[_beaten(table)],
    mistakes=(
        lambda table: table.index[~_beaten(table)],
        lambda table: table.index[table["cost"] > table["cost"].median()],
        lambda table: table.index[table["service"] < table["service"].median()],
    ),
    replies=(
        later("those are the ones that stay; name the options that another one beats."),
        later("you judged by cost alone; what is dear may be the best."),
        later("you judged by service alone; what is modest may be the cheapest."),
    ),
    moral=later("Strike out {answer}: another option is no dearer and serves better."),
    hints=(
        later("For each option ask: is there another that costs no more and serves better?"),
        later("Sort by cost and walk upwards; which ones bring no more service than one before?"),
        later("After sorting by cost: service < service.cummax()"),
    ),
)


ARGUE = Exercise(
    id="8.5",
    minutes=10,
    kind="text",
    make=lambda rng: f"Right time: {rng.integers(70, 85)} % of {rng.integers(800, 2000)} orders.",
    answer=lambda finding: (
        "We promise five business days for 95 % of orders. The head of dispatch answers for it; "
        "we review it in March, and after three misses."
    ),
    mistakes=(
        lambda finding: ("9", "8", "cent", "ninety", "procent", "процент"),
        lambda finding: ("answers", "owner", "répond", "respons", "odpowiad", "отвеча"),
        lambda finding: (
            "review",
            "again",
            "révis",
            "revoi",
            "przegląd",
            "spraw",
            "пересм",
            "провер",
        ),
    ),
    replies=(
        later("say which share is promised; a sentence without a number can't be broken."),
        later("say who answers for it: a person's role, and not a department."),
        later("say when it is looked at again, and what calls for an earlier look."),
    ),
    moral=later("{answer}"),
    hints=(
        later("One sentence for the promise, one for its owner, one for its next review."),
        later("What could tomorrow's data prove wrong about your first sentence?"),
        later('Begin: "We promise … for … % of orders, per quarter; …"'),
    ),
)

EXERCISES = (VAGUE, PROMISE, BENCHMARK, DOMINATED, ARGUE)
