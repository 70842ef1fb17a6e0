"""What the tests of the sample cases share: twins, their differences, and their road maps."""

from functools import cache

import numpy as np
import pandas as pd

from workbook import samples
from workbook.data import open_client
from workbook.roadmap import draw_road_map, pseudonyms

# What accuses a place, a time, a clock or a habit; verdicts against targets are no accusations.
LOCATED = ("where-", "unknown-", "step-", "promise-", "trend-", "busy-", "fairness-", "clock-")


@cache
def made(name, problems, scale, seed=22):
    return samples.generate(name, problems=problems, scale=scale, seed=seed)


@cache
def _rows(name, table, problems, scale):
    """One number per order that changes when any of its rows does."""
    frame = made(name, problems, scale).tables[table]
    if "order_id" in frame:
        key = frame["order_id"]
    else:
        letter = made(name, problems, scale).tables["order_lines"]["order_id"].iloc[0][0]
        key = letter + frame["inquiry_id"].str[1:]
    return pd.util.hash_pandas_object(frame, index=False).groupby(key).sum()


def changes(name, one, other, scale):
    """Return the orders whose rows differ between two twins, and the other tables that do."""
    orders, tables = set(), set()
    for table, frame in made(name, one, scale).tables.items():
        if {"order_id", "inquiry_id"} & set(frame):
            sides = [_rows(name, table, problems, scale) for problems in (one, other)]
            both = pd.concat(sides, axis=1, keys=["one", "other"]).fillna(np.uint64(0))
            orders |= set(both.index[both["one"] != both["other"]])
        elif not frame.equals(made(name, other, scale).tables[table]):
            tables.add(table)
    return orders, tables


def check_touches(name, problem, scale=0.03):
    """Assert that a problem changes its own orders and tables only, alone and among the others."""
    known = samples.read_case(name)["problems"]
    rest = ",".join(one for one in known if one != problem)
    for one, other in ((problem, "none"), ("all", rest)):
        told = made(name, one, scale).truth["problems"][problem]
        orders, tables = changes(name, one, other, scale)
        assert orders <= set(told["affected"])
        assert tables <= set(told.get("touches", []))


def road_of(home, name, problems, seed, scale=1.0):
    folder = samples.write_sample(
        name, home / f"{name}-{seed}", problems=problems, seed=seed, scale=scale
    )
    return draw_road_map(open_client(folder), "en")


def accusations(road):
    return [
        each.id for each in road.findings if each.kind != "works" and each.id.startswith(LOCATED)
    ]


def places(road, right, name):
    """Return where a right fails along a column: the values, each with its finding."""
    return {
        each.where[name]: each
        for each in road.findings
        if each.id.startswith("where-") and each.right == right and list(each.where) == [name]
    }


def customers(road, right):
    """Return the customers for whom a right fails, by their real names."""
    key = pseudonyms(road.client.order_lines["customer"].value_counts())
    real = {alias: name for name, alias in key.items()}
    return {real[alias] for alias in places(road, right, "customer")}
