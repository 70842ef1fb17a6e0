"""Plan a survey's sending: how many, to whom now, and which went out before the delivery."""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbook import results
from workbook.data import Client
from workbook.display import Face
from workbook.language import Language
from workbook.results import Finding
from workbook.states import working_days
from workbook.stats import difference_power, sample_size, wilson_interval

__all__ = ["Mailing", "SamplePlan", "plan_mailing", "plan_sample"]

_DAY = pd.Timedelta(days=1)
_SURVEY_MAILED = r"survey|ankiet|enquête|questionnaire|опрос|анкет"


@dataclass(frozen=True)
class SamplePlan:
    """How many questionnaires to send: counts of people, shares of 0 to 1.

    `needed` answers put a share within ± margin for this population, `needed_plain` for one
    without bound; `to_mail` brings `expected` of them, within ± `reached`; `power` is the chance
    that two halves of them show a difference of `difference` around one half.
    """

    population: int
    margin: float
    needed: int
    needed_plain: int
    response_rate: float
    to_mail: int
    expected: int
    reached: float
    difference: float
    power: float

    def sentence(self, say: Language) -> str:
        """Say how many to send and what the answers will then tell."""
        words = {"mail": say.number(self.to_mail), "people": say.number(self.population)}
        words |= {"rate": say.percent(self.response_rate, 0), "n": say.number(self.expected)}
        words |= {"reached": say.points(self.reached), "needed": say.number(self.needed)}
        words |= {"margin": say.points(self.margin), "gap": say.points(self.difference)}
        words["power"] = say.percent(self.power, 0)
        told = say(
            "Send {mail} of {people}: at {rate} answering, about {n} answers, a share within "
            "± {reached} points. {needed} answers give ± {margin} points.",
            **words,
        )
        return f"{told} " + say(
            "A difference of {gap} points between two halves would then show with a chance of "
            "{power}. Those who don't answer may think otherwise, however many do.",
            **words,
        )


def plan_sample(
    population: int,
    *,
    response_rate: float = 0.12,
    margin: float = 0.05,
    difference: float = 0.10,
    rounding: str | None = None,
) -> SamplePlan:
    """Plan how many questionnaires to send.

    Parameters
    ----------
    population : int
        Customers, or orders, that could be asked.
    response_rate, margin, difference : float
        Shares between 0 and 1: of those asked who answer; half the interval's width; the smallest
        difference of two groups that would change what is done.
    rounding : "round", "up" or None
        As for `sample_size`.

    Raises
    ------
    ValueError
        If a share is not between 0 and 1, or nobody could be asked.

    References
    ----------
    Krejcie & Morgan 1970; Cohen 1988: see `sample_size` and `difference_power`.

    Examples
    --------
    >>> plan = plan_sample(10_000, response_rate=0.2)
    >>> plan.needed, plan.needed_plain, plan.to_mail, plan.expected
    (370, 385, 1850, 370)
    """
    shares = {"response_rate": response_rate, "margin": margin, "difference": difference}
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} is {share}; write a share between 0 and 1, such as 0.1")
    if population < 1:
        raise ValueError(f"population is {population}; there must be someone to ask")
    needed = sample_size(population, margin, rounding=rounding)
    to_mail = min(population, math.ceil(needed / response_rate - 1e-9))
    expected = round(to_mail * response_rate)
    # The finite population makes the answers that are had tell more.
    unasked = math.sqrt((population - expected) / max(population - 1, 1))
    low, high = wilson_interval(expected / 2, expected)
    half = difference / 2
    return SamplePlan(
        population=population,
        margin=margin,
        needed=needed,
        needed_plain=sample_size(None, margin),
        response_rate=response_rate,
        to_mail=to_mail,
        expected=expected,
        reached=(high - low) / 2 * unasked,
        difference=difference,
        power=difference_power(0.5 + half, 0.5 - half, expected / 2, expected / 2),
    )


@dataclass(frozen=True)
class Mailing(Face):
    """What to send on a day, order by order.

    `data`, per order: order_id, customer, delivered_at, sent_at, mail_on, action ("mail",
    "remind", "wait", "not confirmed", "asked lately", "asked", "answered" or "too late").
    `early` has the questionnaires that were sent before the delivery: order_id, response_id,
    sent_at, delivered_at. `unknown` were sent and have no date of delivery to compare.
    """

    data: pd.DataFrame
    early: pd.DataFrame
    unknown: int
    on: pd.Timestamp
    language: str

    @property
    def now(self) -> pd.DataFrame:
        """The orders whose customers may be mailed, or reminded, on the day."""
        return self.data[self.data["action"].isin(["mail", "remind"])]

    def sentence(self, say: Language) -> str:
        """Say how many may be mailed and reminded."""
        counts = self.data["action"].value_counts()
        return say(
            "On {day} {mail} questionnaires and {remind} reminders may be sent.",
            day=say.date(self.on),
            mail=say.number(counts.get("mail", 0)),
            remind=say.number(counts.get("remind", 0)),
        )

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("To be sent on this day")

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the orders to mail or remind, for reading."""
        from_now = Mailing(self.now, self.early, self.unknown, self.on, self.language)
        return super(Mailing, from_now).table(language)

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        words = {"mail": say("questionnaire"), "remind": say("reminder")}
        day = lambda at: "–" if pd.isna(at) else say.date(at.date(), "medium")
        return {
            say("Order"): (str, "order_id"),
            say("Delivered"): (day, "delivered_at"),
            say("To send"): (words.get, "action"),
        }

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the sentence, the list and what was sent too early."""
        shown = self.table(say.code)
        told = [finding.sentence for finding in self.findings(say.code)]
        rows = results.table(list(shown), shown.to_numpy(), caption=self.caption(say))
        lead = results.text(self.sentence(say), "lead")
        return [lead, *([rows] if len(shown) else []), *([results.items(told)] if told else [])]

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the questionnaires that were sent before the delivery."""
        n = len(self.early)
        if n:
            told = say.plural(
                "{n} questionnaire was sent before the order was delivered; its answer can't "
                "speak of the delivery.",
                "{n} questionnaires were sent before the order was delivered; their answers "
                "can't speak of the delivery.",
                n,
            )
            yield Finding("survey-sent-early", "data", told, n=n)


def plan_mailing(
    client: Client,
    *,
    on: dt.date | None = None,
    wait_days: int = 1,
    remind_days: int = 7,
    cap_days: int = 30,
    late_days: int = 14,
) -> Mailing:
    """List whom to mail on a day: after confirmed receipt, seldom, and with one reminder.

    Parameters
    ----------
    client : Client
        Order lines; what was sent is read from responses (sent_at) and from events that name a
        survey.
    on : date, optional
        Default: the client's last day.
    wait_days : working days from the last delivery to the mail
    remind_days : days from the mail to the only reminder, due for as many days
    cap_days : days in which a customer is asked once
    late_days : days after the delivery from which nobody is asked any more

    Raises
    ------
    ValueError
        If there are no order lines with delivered_at.
    """
    lines = client.order_lines
    if lines is None or "delivered_at" not in lines:
        raise ValueError("nobody's receipt is known; add order_lines with delivered_at")
    now = pd.Timestamp(on or client.as_of).normalize()
    orders = _received(lines)
    sent = _sent(client)
    sent = sent[sent["sent_at"] < now + _DAY]
    orders["sent_at"] = sent.groupby("order_id")["sent_at"].max().reindex(orders.index)
    answered = _answered(client, now + _DAY)
    calendar = working_days(client.profile, orders["delivered_at"].dropna().to_numpy())
    orders["mail_on"] = _mail_on(orders["delivered_at"], wait_days, calendar)
    customer = orders.get("customer", pd.Series(orders.index, orders.index)).fillna("")
    asked = orders["sent_at"].groupby(customer).transform("max")
    age = (now - orders["delivered_at"].dt.normalize()).dt.days
    since = (now - orders["sent_at"].dt.normalize()).dt.days
    open_day = bool(np.is_busday(now.to_numpy().astype("datetime64[D]"), busdaycal=calendar))
    rules = {
        "answered": orders.index.isin(answered),
        "not confirmed": ~orders["confirmed"] | (orders["delivered_at"] >= now + _DAY),
        "remind": since.between(remind_days, 2 * remind_days - 1) & open_day,
        "asked": orders["sent_at"].notna(),
        "too late": age > late_days,
        "asked lately": (now - asked).dt.days < cap_days,
        "wait": (orders["mail_on"] > now) | (not open_day),
    }
    orders["action"] = np.select(list(rules.values()), list(rules), "mail")
    _once(orders, customer)
    joined = sent.merge(orders[["delivered_at"]], left_on="order_id", right_index=True)
    early = joined[joined["sent_at"] < joined["delivered_at"]]
    columns = ["order_id", "response_id", "sent_at", "delivered_at"]
    early = early.drop_duplicates("order_id")[columns].reset_index(drop=True)
    unknown = int(joined.loc[joined["delivered_at"].isna(), "order_id"].nunique())
    return Mailing(orders.reset_index(), early, unknown, now, client.profile.language)


def _received(lines: pd.DataFrame) -> pd.DataFrame:
    """Return each order's last delivery and whether all of it surely arrived."""
    status = lines.get("status", pd.Series("delivered", lines.index)).fillna("delivered")
    kept = lines[~status.str.startswith("cancelled")]
    there = kept["delivered_at"].notna() & status[kept.index].eq("delivered")
    orders = kept.groupby("order_id").agg(delivered_at=("delivered_at", "max"))
    orders["confirmed"] = there.groupby(kept["order_id"]).all()
    if "customer" in lines:
        orders["customer"] = kept.groupby("order_id")["customer"].first()
    return orders


def _sent(client: Client) -> pd.DataFrame:
    """Return what was mailed: order_id, response_id, sent_at; from the answers and the events."""
    names, parts = ["order_id", "response_id", "sent_at"], []
    if client.responses is not None and {"order_id", "sent_at"} <= set(client.responses):
        parts.append(client.responses.reindex(columns=names))
    if client.events is not None:
        named = client.events["activity"].str.contains(_SURVEY_MAILED, case=False, na=False)
        events = client.events[named].rename(columns={"event_at": "sent_at"})
        parts.append(events.reindex(columns=names))
    sent = pd.concat(parts) if parts else pd.DataFrame(columns=names)
    sent = sent.astype({"sent_at": "datetime64[us]", "order_id": "str"})
    return sent.dropna(subset=["order_id", "sent_at"])


def _answered(client: Client, before: pd.Timestamp) -> pd.Series:
    frame = client.responses
    if frame is None or not {"order_id", "answered_at"} <= set(frame):
        return pd.Series(dtype="str")
    return frame.loc[frame["answered_at"] < before, "order_id"].dropna()


def _mail_on(delivered: pd.Series, days: int, calendar: np.busdaycalendar) -> pd.Series:
    known = delivered.dropna()
    at = np.busday_offset(
        known.to_numpy().astype("datetime64[D]"), days, "backward", busdaycal=calendar
    )
    return pd.Series(at.astype("datetime64[us]"), known.index).reindex(delivered.index)


def _once(orders: pd.DataFrame, customer: pd.Series) -> None:
    """Ask a customer about the last of several orders only."""
    due = orders[orders["action"] == "mail"].sort_values("delivered_at")
    named = customer[due.index]
    doubled = named.duplicated(keep="last") & (named != "")
    orders.loc[doubled.index[doubled], "action"] = "asked lately"
