"""Hold the exercises of chapter 6: wording, how many to send, when to send, who came back."""

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later
from workbook.stats import sample_size

__all__ = ["EXERCISES"]

_ASKED = {  # "joined" sounds double and asks one thing only
    "double": "Were the goods complete and undamaged? | How fast and friendly was the driver? | "
    "Was the invoice clear and correct? | Were you told of the delay and of the new date?",
    "leading": "How much did you like our great new packaging? | Don't you agree we are fast? | "
    "How much did our award-winning service help you?",
    "joined": "Was it easy to find the page of terms and conditions? | "
    "Did the parcel come between Monday and Friday? | Was the black and white label readable?",
    "plain": "How would you rate the punctuality of the delivery? | How clear was the invoice? | "
    "Did the driver come on the promised day? | How well did the packaging protect the goods?",
}


def _questions(rng: np.random.Generator) -> pd.DataFrame:
    drawn = [rng.permutation(listed.split(" | "))[:2] for listed in _ASKED.values()]
    return pd.DataFrame({"no": range(1, 9), "question": rng.permutation(np.concatenate(drawn))})


def _faulty(questions: pd.DataFrame, kinds: str = "double leading") -> list[int]:
    wrong = " | ".join(_ASKED[kind] for kind in kinds.split()).split(" | ")
    return [number for number, text in questions.to_numpy() if text in wrong]


WORDING = Exercise(
    id="6.1",
    minutes=5,
    kind="set",
    make=_questions,
    answer=_faulty,
    mistakes=(
        lambda questions: _faulty(questions, "double"),
        lambda questions: _faulty(questions, "leading"),
        lambda questions: _faulty(questions, "double leading joined"),
    ),
    replies=(
        later("you found those that ask two things; some others suggest their answer."),
        later("you found those that suggest their answer; some others ask two things."),
        later("an 'and' alone is no fault: ask whether the two could be answered apart."),
    ),
    moral=later("Questions {answer} would get answers that nobody can read. Reword them."),
    hints=(
        later("Two kinds of fault: two things in one question, and an answer suggested."),
        later("Could somebody say yes to one half and no to the other? Then it is two."),
        later("Praise within a question suggests the answer, and so does Don't you agree."),
    ),
)


def _plan(rng: np.random.Generator) -> dict[str, float]:
    rate = float(rng.choice([0.05, 0.1, 0.2, 0.25]))  # so that the number is a whole one
    margin = float(rng.choice([0.04, 0.05, 0.06, 0.08]))
    return {"orders": int(rng.integers(8, 80)) * 100, "margin": margin, "comes_back": rate}


def _needed(plan: dict[str, float], orders: int | None) -> float:
    return float(sample_size(orders, plan["margin"]))


LETTERS = Exercise(
    id="6.2",
    minutes=8,
    kind="number",
    make=_plan,
    answer=lambda plan: round(_needed(plan, plan["orders"]) / plan["comes_back"]),
    mistakes=(
        lambda plan: _needed(plan, plan["orders"]),
        lambda plan: round(_needed(plan, None) / plan["comes_back"]),
        lambda plan: round(_needed(plan, plan["orders"]) * plan["comes_back"]),
        lambda plan: round(plan["orders"] * plan["comes_back"]),
    ),
    replies=(
        later("those are the answers that you need; only a share of the letters comes back."),
        later("you took a population without end; this client has so many orders."),
        later("you multiplied by the share that comes back; you must send more, not fewer."),
        later("that is what comes back if everybody is asked; begin with the answers needed."),
    ),
    moral=later("Send {answer}; and if that is more than there are orders, take a wider margin."),
    hints=(
        later("First the answers that the margin needs, then the letters that bring them."),
        later("wb.stats.sample_size(orders, margin) gives the answers; few letters come back."),
        later("answers ÷ comes_back"),
    ),
)


def _mailed(rng: np.random.Generator) -> pd.DataFrame:
    n, day = 12, pd.Timestamp("2026-03-02")
    hours = lambda counts: day + pd.to_timedelta(counts, "h")
    first = rng.integers(8, 20, n) + 24 * rng.integers(0, 5, n)
    last = first + rng.choice([0, 0, 24, 48, 72], n)
    sent = np.where(
        rng.random(n) < 0.5, first + rng.integers(1, 40, n), last + rng.integers(1, 6, n)
    )
    known = pd.Series(hours(last)).mask(rng.random(n) < 0.15)
    ids = [f"BD{number}" for number in range(2001, 2001 + n)]
    dates = {"first_delivery_at": hours(first), "last_delivery_at": known, "mailed_at": hours(sent)}
    return pd.DataFrame({"order_id": ids, **dates})


def _early(orders: pd.DataFrame, column: str = "last_delivery_at", blank: bool = True) -> list[str]:
    early = (orders["mailed_at"] < orders[column]) | (orders["last_delivery_at"].isna() & blank)
    return orders.loc[early, "order_id"].tolist()


def _same_day(orders: pd.DataFrame) -> list[str]:
    return _early(orders.assign(mailed_at=orders["mailed_at"].dt.normalize()))


TRIGGER = Exercise(
    id="6.3",
    minutes=8,
    kind="set",
    make=_mailed,
    answer=_early,
    mistakes=(
        lambda orders: _early(orders, "last_delivery_at", blank=False),
        lambda orders: _early(orders, "first_delivery_at"),
        _same_day,
    ),
    replies=(
        later("you passed over the orders without a last delivery; nothing shows it came."),
        later("you waited for the first delivery; the customer waits for all of them."),
        later("you compared days; a letter of the evening may follow a noon delivery."),
    ),
    moral=later("These were asked about a delivery that hadn't come: {answer}."),
    hints=(
        later("When may the customer be asked? When all has come, and somebody knows it."),
        later("Compare the letter with the last delivery; a blank means that none is known."),
        later('~(mailed["mailed_at"] >= mailed["last_delivery_at"]) takes blanks in, too.'),
    ),
)


def _returned(rng: np.random.Generator) -> dict[str, int]:
    sent, complete = int(rng.integers(800, 2400)), int(rng.integers(90, 200))
    rest = {"complete": complete, "partly": int(rng.integers(15, 60))}
    opened = int(rng.integers(350, 600))
    return {"sent": sent, "never_reached": int(rng.integers(40, 150)), "opened": opened} | rest


RATE = Exercise(
    id="6.4",
    minutes=5,
    kind="share",
    digits=1,
    make=_returned,
    answer=lambda n: (n["complete"] + n["partly"]) / (n["sent"] - n["never_reached"]),
    mistakes=(
        lambda n: (n["complete"] + n["partly"]) / n["sent"],
        lambda n: (n["complete"] + n["partly"]) / n["opened"],
        lambda n: n["complete"] / (n["sent"] - n["never_reached"]),
    ),
    replies=(
        later("you divided by all that were sent; those never reached couldn't answer."),
        later("you divided by those who opened it; who ignores a letter didn't answer either."),
        later("you left out those who answered in part; they have answered, too."),
    ),
    moral=later("{answer} of those reached have answered; of the others the answers say nothing."),
    hints=(
        later("Who could have answered? Who did, at least in part?"),
        later("Below the line: sent, less those never reached. Opened or not plays no part."),
        later("(complete + partly) ÷ (sent − never_reached)"),
    ),
)

ARGUE = Exercise(
    id="6.5",
    minutes=10,
    kind="text",
    make=lambda rng: f"{rng.integers(30, 60)} questions",
    answer=lambda wish: (
        "Let us ask six short questions after the delivery, and each of them only if we know what "
        "we shall do differently when we have the answer. Everything else costs careful answers."
    ),
    mistakes=(
        lambda wish: ("short", "few", "six", "court", "krótk", "kilka", "коротк", "нескольк"),
        lambda wish: ("after", "deliver", "après", "livr", "dostaw", "достав", "после"),
        lambda wish: ("decid", "act", "differ", "décid", "zrob", "decyz", "сдела", "реш"),
    ),
    replies=(
        later("say how long it may be, and what each further question costs."),
        later("say when it is sent: of what can the customer judge by then?"),
        later("say what a question must be good for to be asked."),
    ),
    moral=later("{answer}"),
    hints=(
        later("What would you do with the answer to question thirty-one?"),
        later("Name the length, the moment, and the test that each question has to pass."),
        later('Begin: "Gladly, for each question that will change …"'),
    ),
)

EXERCISES = (WORDING, LETTERS, TRIGGER, RATE, ARGUE)
