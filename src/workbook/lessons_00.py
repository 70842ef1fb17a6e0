"""Hold the exercises of chapter 0: contact points, what can be seen, orphans, the profile."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later

__all__ = ["EXERCISES"]

_CONTACTS = {  # the middle three kinds are those that people misplace
    "before": "returns policy, delivery terms, question about stock, quotation",
    "ordered": "order entry, order confirmation, promise of a date",
    "on its way": "dispatch notice, tracking link, delivery to the door, delivery note",
    "settling": "invoice, credit note, satisfaction survey",
    "after": "claim, return, warranty repair, spare part",
}


def _contacts(rng: np.random.Generator) -> list[str]:
    drawn = [rng.permutation(names.split(", "))[:2] for names in _CONTACTS.values()]
    return rng.permutation(np.concatenate(drawn)).tolist()


def _sort(names: list[str], when: str = "before during during after after") -> dict[str, str]:
    pairs = zip(_CONTACTS.values(), when.split(), strict=True)
    told = {name: time for listed, time in pairs for name in listed.split(", ")}
    return {name: told[name] for name in names}


CONTACTS = Exercise(
    id="0.1",
    minutes=5,
    kind="table",
    make=_contacts,
    answer=_sort,
    mistakes=(
        lambda names: _sort(names, "before before during after after"),
        lambda names: _sort(names, "before during during during after"),
        lambda names: _sort(names, "before during after after after"),
        lambda names: _sort(names, "after during during before before"),
    ),
    replies=(
        later("the transaction begins when the order is placed, not when the goods leave."),
        later("what settles the order, as an invoice does, comes after the goods are there."),
        later("the transaction doesn't end at the ramp; for the customer the waiting goes on."),
        later("before and after are turned round."),
    ),
    moral=later("Your customers meet you before and after the delivery, too: who is there?"),
    hints=(
        later("Ask of each: has the customer ordered yet? Have the goods come yet?"),
        later("No order yet: before. Goods still to come: during. Goods there: after."),
        later("The promise of a date belongs to the order; the invoice follows the goods."),
    ),
)

_SHOWN_BY = {
    "product": "product product_delivered",
    "quantity": "quantity_ordered quantity_delivered",
    "time": "promised_at delivered_at",
    "place": "place_ordered place_delivered",
    "condition": "condition",
    "price": "unit_price unit_price_invoiced",
    "information": "documents",
}
_NEARLY = {"shipped_at": "delivered_at", "quantity_damaged": "condition", "carrier": "documents"}


def _columns(rng: np.random.Generator) -> list[str]:
    have = [name for name in " ".join(_SHOWN_BY.values()).split() if rng.random() < 0.7]
    return ["order_id", *rng.permutation([*have, *rng.permutation([*_NEARLY])[:2]]).tolist()]


def _see(have: list[str], enough: Callable[[object], bool] = all) -> list[str]:
    return [right for right, need in _SHOWN_BY.items() if enough(n in have for n in need.split())]


MEASURABLE = Exercise(
    id="0.2",
    minutes=8,
    kind="set",
    make=_columns,
    answer=_see,
    mistakes=(
        lambda have: _see(have, any),
        lambda have: _see([*have, *map(_NEARLY.get, have)]),
        lambda have: sorted(set(_SHOWN_BY).difference(_see(have))),
    ),
    replies=(
        later("half a pair shows nothing: what came needs beside it what was agreed."),
        later("you took a column that is only nearly the one: shipped is not delivered."),
        later("those are the rights that can't be seen; the task asks for the others."),
    ),
    moral=later("Your tables can show {answer}. For the rest, record one more column."),
    hints=(
        later("Most rights compare two columns: what was agreed, and what happened."),
        later("Time needs a promise and a delivery; condition and documents stand alone."),
        later("Go right by right, and cross it out where one half of the pair is missing."),
    ),
)


def _links(rng: np.random.Generator) -> dict[str, object]:
    goals, measured = rng.permutation([f"G{n}" for n in range(1, 8)]), rng.integers(3, 6)
    served = [*goals[:measured], *goals[:2], *["G9"] * rng.integers(1, 3), "none"]
    figures = {f"K{n}": goal for n, goal in enumerate(rng.permutation(served).tolist(), 1)}
    return {"goals": sorted(goals.tolist()), "figures": figures}


def _orphans(links: dict[str, object], goals: bool = True, known: str = "") -> list[str]:
    served = links["figures"]
    lost = {goal for goal in links["goals"] if goals and goal not in served.values()}
    known = {*links["goals"], *known.split()}
    return sorted(lost | {figure for figure, goal in served.items() if goal not in known})


ORPHANS = Exercise(
    id="0.3",
    minutes=8,
    kind="set",
    make=_links,
    answer=_orphans,
    mistakes=(
        lambda links: _orphans(links, known="G9 none"),
        lambda links: _orphans(links, goals=False),
        lambda links: _orphans(links, known="G9"),
    ),
    replies=(
        later("those are goals without a figure; there are figures without a goal, too."),
        later("those are figures without a goal; there are goals without a figure, too."),
        later("a figure that serves a goal which isn't in the list is an orphan as well."),
    ),
    moral=later("{answer} are orphans: find each a partner, or strike it out."),
    hints=(
        later("Look from both sides: which goal has no figure, which figure has no goal?"),
        later("A goal that isn't in the list of goals was given up; it doesn't count."),
        later("set(goals) - set(figures.values()) is one half of the answer."),
    ),
)

_LINES = {  # of a profile: right, right though it looks odd, unknown key, wrong value
    "right": "language: pl | currency: PLN | timezone: Europe/Warsaw | due: promised",
    "odd": "country: null | contract: own | exclude_reasons: [] | show_customers: false",
    "key": "goals: service | tolerances: {} | target: {} | cutoff: null",
    "value": "goal: quality | granularity: hour | min_group: 1 | days: working | accent: green",
}


def _profile(rng: np.random.Generator) -> pd.DataFrame:
    drawn = [rng.permutation(lines.split(" | "))[:3] for lines in _LINES.values()]
    return pd.DataFrame({"line": range(1, 13), "text": rng.permutation(np.concatenate(drawn))})


def _wrong(lines: pd.DataFrame, kinds: str = "key value") -> list[int]:
    wrong = " | ".join(_LINES[kind] for kind in kinds.split()).split(" | ")
    return [n for n, line in lines.to_numpy() if line in wrong]


PROFILE = Exercise(
    id="0.4",
    minutes=8,
    kind="set",
    make=_profile,
    answer=_wrong,
    mistakes=(
        lambda lines: _wrong(lines, "key"),
        lambda lines: _wrong(lines, "value"),
        lambda lines: _wrong(lines, "odd key value"),
    ),
    replies=(
        later("you found the keys that don't exist; some values aren't allowed, either."),
        later("you found the values that aren't allowed; some keys don't exist, either."),
        later("null, empty and plain defaults are allowed: they leave a choice as it is."),
    ),
    moral=later("Lines {answer} would have been ignored in silence; here each is told."),
    hints=(
        later("Two kinds of fault: a key that doesn't exist, a value that isn't allowed."),
        later("goal: cost, service or balance. granularity: day or timestamp. And days?"),
        later("The keys are goal, tolerance, targets, cut_off; a min_group is 2 or more."),
    ),
)

ARGUE = Exercise(
    id="0.5",
    minutes=10,
    kind="text",
    make=lambda rng: str(rng.choice(["picking to loading", "packing to loading", "ramp to ramp"])),
    answer=lambda scope: (
        "Your customer waits from the order to the settled claim. Let us draw all of it, and "
        "look at cost and service side by side, so that neither is improved at the other's expense."
    ),
    mistakes=(
        lambda scope: ("customer", "client", "klien", "клиент", "покупат", "заказчик"),
        lambda scope: ("claim", "invoice", "réclam", "factur", "rekl", "faktur", "реклам", "счет"),
        lambda scope: ("cost", "coût", "koszt", "затрат", "издерж", "дешев"),
    ),
    replies=(
        later("say whose waiting it is that we measure."),
        later("say where the service ends: with the settled invoice or claim."),
        later("the manager thinks of money: say how cost and service belong together."),
    ),
    moral=later("{answer}"),
    hints=(
        later("The manager wants less work. What would the customer say to such borders?"),
        later("Name the beginning, the end, and what cost does if one looks at the ramp only."),
        later('Begin: "Gladly; then we know how good the ramp is. But the customer …"'),
    ),
)

EXERCISES = (CONTACTS, MEASURABLE, ORPHANS, PROFILE, ARGUE)
