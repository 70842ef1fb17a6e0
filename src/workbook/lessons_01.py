"""Hold the exercises of chapter 1: hand-offs, lead time, flow efficiency, rework."""

from collections.abc import Callable
from statistics import fmean

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later

__all__ = ["EXERCISES"]


def _arrows(rng: np.random.Generator) -> pd.DataFrame:
    roles = rng.choice(["Sales", "Store", "Carrier"], (14, 2))
    hours = rng.integers(100, 4000, 14) / 100  # so fine that no two sums tie
    return pd.DataFrame({"from": roles[:, 0], "to": roles[:, 1], "wait_hours": hours})


def _longest(
    arrows: pd.DataFrame, score: Callable[[list[float]], float] = sum, own: bool = False
) -> list[str]:
    waits: dict[str, list[float]] = {}
    for giver, taker, hours in arrows.itertuples(index=False):
        if own or giver != taker:
            waits.setdefault(f"{giver} → {taker}", []).append(hours)
    return sorted(waits, key=lambda pair: -score(waits[pair]))[:3]


HANDOFFS = Exercise(
    id="1.1",
    minutes=5,
    kind="order",
    make=_arrows,
    answer=_longest,
    mistakes=(
        lambda arrows: _longest(arrows, own=True),
        lambda arrows: _longest(arrows, max),
        lambda arrows: _longest(arrows, fmean),
        lambda arrows: _longest(arrows, len),
    ),
    replies=(
        later("you took an arrow that stays in its lane; nobody hands anything over there."),
        later("you ranked by the longest single wait; add up all waits of a hand-off."),
        later("you ranked by the average wait; what counts is how long orders lie in all."),
        later("you ranked by the number of arrows; what counts is how long orders lie."),
    ),
    moral=later("Your orders lie longest here: {answer}. Go and ask what they wait for."),
    hints=(
        later("A hand-off is an arrow from one role to another one."),
        later("Leave out what stays in its lane, then add up the hours of each pair of roles."),
        later('groupby(["from", "to"])["wait_hours"].sum() of the arrows that are left'),
    ),
)

_DRAWN = {"enter": "", "credit": "enter", "pick": "enter", "pack": "pick", "bill": "credit"}
_DRAWN |= {"load": "pack;credit", "drive": "load", "close": "drive;bill"}
_ROLES = ["Sales", "Credit", "Store", "Store", "Credit", "Store", "Carrier", "Sales"]


def _steps(rng: np.random.Generator) -> pd.DataFrame:
    drawn = {"step_id": _DRAWN, "step": _DRAWN, "role": _ROLES, "predecessors": _DRAWN.values()}
    times = {"touch_minutes": rng.integers(5, 60, 8), "wait_minutes": rng.integers(0, 40, 8) * 10}
    return pd.DataFrame({name: [*column] for name, column in (drawn | times).items()})


def _walk(steps: pd.DataFrame, of: Callable = max, touch: int = 1, wait: int = 1) -> np.ndarray:
    """Return minutes, work and wait along the longest way (min: if the quickest branch decided)."""
    ends: dict[str, tuple[float, ...]] = {"": (0.0, 0.0, 0.0)}
    for step, _, _, before, worked, waited in steps.itertuples(index=False):
        own = (touch * worked + wait * waited, worked, waited)
        so_far = of(ends[name] for name in before.split(";"))
        ends[step] = tuple(map(sum, zip(so_far, own, strict=True)))
    return np.array(ends["close"])


LEAD_TIME = Exercise(
    id="1.2",
    minutes=10,
    kind="minutes",
    make=_steps,
    answer=lambda steps: _walk(steps)[0],
    mistakes=(
        lambda steps: float(steps[["touch_minutes", "wait_minutes"]].sum().sum()),
        lambda steps: _walk(steps, wait=0)[0],
        lambda steps: _walk(steps, touch=0)[0],
        lambda steps: _walk(steps, min)[0],
    ),
    replies=(
        later("you added up every step; some of them run side by side."),
        later("you left out the waits; the customer waits through them as well."),
        later("you left out the work; the lead time is work and wait together."),
        later("you took the quickest branch; a step that waits for all starts after the last."),
    ),
    moral=later("An order takes {answer} minutes: a minute saved off that path saves nothing."),
    hints=(
        later("Follow each way from the first step to the last, adding work and wait."),
        later("Where two arrows meet, the later one decides when the step can begin."),
        later("build_process(steps).lead_time_minutes walks the longest way for you."),
    ),
)


FLOW = Exercise(
    id="1.3",
    minutes=8,
    kind="share",
    digits=1,
    make=_steps,
    answer=lambda steps: _walk(steps)[1] / _walk(steps)[0],
    mistakes=(
        lambda steps: _walk(steps)[1] / _walk(steps)[2],
        lambda steps: steps["touch_minutes"].sum() / _walk(steps)[0],
        lambda steps: steps["touch_minutes"].sum() / steps.iloc[:, -2:].sum().sum(),
        lambda steps: _walk(steps)[2] / _walk(steps)[0],
    ),
    replies=(
        later("you divided by the waits; the lead time is work and wait together."),
        later("you counted the work of all steps; only those on the longest way belong here."),
        later("you divided over all steps; only those on the longest way belong here."),
        later("that is the share of waiting; the task asks for the share of work."),
    ),
    moral=later("Only {answer} of the lead time is work. The order stands idle, not the people."),
    hints=(
        later("First find the longest way; it alone belongs above and below the line."),
        later("Above: the work of its steps. Below: their work and their waits."),
        later("build_process(steps).critical_path names the steps of the longest way."),
    ),
)


def _checked(rng: np.random.Generator) -> dict[str, float]:
    back = float(rng.integers(10, 35)) / 100
    return {"pick": int(rng.integers(8, 25)), "check": int(rng.integers(4, 12)), "sent_back": back}


REWORK = Exercise(
    id="1.4",
    minutes=8,
    kind="minutes",
    digits=1,
    make=_checked,
    answer=lambda work: (work["pick"] + work["check"]) / (1 - work["sent_back"]),
    mistakes=(
        lambda work: (work["pick"] + work["check"]) * (1 + work["sent_back"]),
        lambda work: work["pick"] / (1 - work["sent_back"]) + work["check"],
        lambda work: float(work["pick"] + work["check"]),
        lambda work: (work["pick"] + work["check"]) / work["sent_back"],
    ),
    replies=(
        later("you sent each order back once at most; some come back again, and again."),
        later("you repeated the picking only; what comes back is checked anew as well."),
        later("you left out the way back; part of the orders take the stretch again."),
        later("you divided by those who go back; divide by those who get through."),
    ),
    moral=later("The stretch takes {answer} minutes on average: errors cost what nobody plans."),
    hints=(
        later("Some orders pass twice, some of those a third time: how often on average?"),
        later("1 + p + p·p + … is 1 / (1 − p), with p the share that is sent back."),
        later("(pick + check) / (1 - sent_back)"),
    ),
)

ARGUE = Exercise(
    id="1.5",
    minutes=10,
    kind="text",
    make=lambda rng: str(rng.choice(["scanners", "a faster press", "a second forklift"])),
    answer=lambda project: (
        "Orders wait far longer than anybody works on them, and mostly between two roles. Before "
        "we pay for speed, let us measure the longest hand-off and agree on who owns it."
    ),
    mistakes=(
        lambda project: ("wait", "idle", "atten", "attend", "czek", "ожида", "ждут", "прост"),
        lambda project: ("role", "hand", "rôle", "przekaz", "rol", "роль", "роля", "переда"),
        lambda project: ("measur", "owner", "owns", "mesur", "mierz", "zmierz", "измер", "отвеча"),
    ),
    replies=(
        later("say what takes the time, if it isn't the work."),
        later("say where it happens: between whom?"),
        later("say what you would do first, before the money is spent."),
    ),
    moral=later("{answer}"),
    hints=(
        later("Which share of the lead time can faster work save at most?"),
        later("Name what is slow, where it is slow, and what you would find out first."),
        later('Begin: "They would save a part of the working time, which is …"'),
    ),
)

EXERCISES = (HANDOFFS, LEAD_TIME, FLOW, REWORK, ARGUE)
