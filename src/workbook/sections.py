"""Write the sections of a report: each function takes a road map and returns blocks to show.

The notebook templates/report.ipynb calls them in turn; the executed notebook carries their blocks,
and every format of the report is made from those.
"""

from dataclasses import dataclass

import pandas as pd

from workbook import plots, results
from workbook.chart import layout_chart
from workbook.data import Reading
from workbook.feedback import plain_lead, survey
from workbook.headings import renamed
from workbook.language import Language, speak
from workbook.results import Block, Finding, Shown
from workbook.rights import (
    Rights,
    column_name,
    count_words,
    interval_words,
    measure_name,
    rate_words,
    right_name,
    verdict_kind,
)
from workbook.roadmap import RoadMap
from workbook.schema import columns, table_title
from workbook.scores import Scores
from workbook.trends import compare_groups

__all__ = [
    "RESULTS_MIME",
    "Closing",
    "by_group",
    "chart",
    "choices",
    "closing",
    "contract",
    "data",
    "definitions",
    "events",
    "information",
    "opening",
    "over_time",
    "scorecard",
    "speed",
    "survey",
]

RESULTS_MIME = "application/vnd.workbook.results+json"
_GROUPS = ("segment", "carrier", "region", "channel", "product_group", "size_class")
MOST_HANDOFFS = 6
MOST_DEVIATIONS = 8
MOST_FINDINGS = 9


def opening(road: RoadMap) -> Shown:
    """Say what works and what needs improvement, and what to record next."""
    say = speak(road.language)
    kinds = (
        ("needs improvement", say("Needs improvement")),
        ("works", say("Works")),
        ("no evidence", say("No evidence")),
    )
    lists = [(kind, title, _sentences(road, kind, say)) for kind, title in kinds]
    blocks = [
        results.heading(say("What works and what needs improvement"), anchor="summary"),
        results.text(_lead(road, say), "lead"),
        results.cards(_figures(road, say)),
        results.columns([(kind, title, lines) for kind, title, lines in lists if lines]),
    ]
    record = [finding.sentence for finding in road.findings if finding.id.startswith("record-")]
    if record:
        blocks += [results.heading(say("What to record next"), 3), results.items(record)]
    further = [each.sentence for kind, _ in kinds for each in _told(road, kind)[MOST_FINDINGS:]]
    if further:
        blocks += [results.heading(say("Further findings"), 3), results.items(further)]
    return Shown(tuple(blocks))


def _sentences(road: RoadMap, kind: str, say: Language) -> list[str]:
    found = _told(road, kind)
    lines = [finding.sentence for finding in found[:MOST_FINDINGS]]
    if more := len(found) - len(lines):
        title = say("Further findings")
        lines.append(
            say.plural("{n} more in “{title}”.", "{n} more in “{title}”.", more, title=title)
        )
    return lines


def _told(road: RoadMap, kind: str) -> list[Finding]:
    return [finding for finding in road.of_kind(kind) if not finding.id.startswith("record-")]


def _lead(road: RoadMap, say: Language) -> str:
    """Open with the one sentence that a client would quote."""
    rights = road.rights
    if rights is None or not rights.measured:
        return say("No right could be measured from the data that were given.")
    row = rights.overall("perfect_order")
    values = {
        "client": road.client.profile.name,
        "rate": rate_words(row, say),
        "orders": count_words(_judged(row), say),
        "day": say.date(rights.as_of.date()),
    }
    missing = [right_name(right, say) for right in rights.in_scope if right not in rights.measured]
    if not missing:
        return say(
            "At {client}, {rate} of {orders} due by {day} were perfect: every line right in every "
            "right.",
            **values,
        )
    values["rate"] = rate_words(rights.overall("perfect_order_measured"), say)
    values["rights"] = say.listing([right_name(right, say) for right in rights.measured])
    sentence = say(
        "At {client}, {rate} of {orders} due by {day} were right in what is measured: {rights}.",
        **values,
    )
    bound = say(
        "Perfect orders: {rate}, and no more can be said while these are not measured: {missing}.",
        rate=rate_words(row, say),
        missing=say.listing(missing),
    )
    return f"{sentence} {bound}"


def _judged(row: pd.Series) -> int:
    return int(row["right"] + row["wrong"] + row["unknown"])


def _figures(road: RoadMap, say: Language) -> list[tuple[str, str, str]]:
    figures = []
    if road.rights is not None and road.rights.measured:
        rights = road.rights
        row = rights.overall(rights.headline)
        beside = say("95% interval {interval}", interval=interval_words(row["interval"], say))
        figures.append((rate_words(row, say), measure_name(row["measure"], say), beside))
        of_rights = say(
            "{n} of {all}", n=say.number(len(rights.measured)), all=say.number(len(rights.in_scope))
        )
        judged = say("{orders} judged", orders=count_words(_judged(row), say))
        figures.append((of_rights, say("rights measured"), judged))
    if road.process is not None:
        weak = sum(verdict == "needs improvement" for verdict in road.verdicts.values())
        of_steps = say("{n} of {all}", n=say.number(weak), all=say.number(len(road.steps)))
        lead = say("lead time {time}", time=road.process.lead_time_words(say))
        figures.append((of_steps, say("steps need improvement"), lead))
    if road.scores is not None:
        figures.append(_satisfaction(road.scores, say))
    return figures


def _satisfaction(scores: Scores, say: Language) -> tuple[str, str, str]:
    row = scores.data.set_index("question").loc["overall"]
    return (
        say.percent(row["top_two"]),
        say("satisfied overall"),
        say.plural(
            "{n} answer; the two best points", "{n} answers; the two best points", int(row["n"])
        ),
    )


def chart(road: RoadMap) -> Shown:
    """Show the process chart, coloured by verdict, and the table that says the same."""
    say = speak(road.language)
    blocks = [results.heading(say("The process chart"), anchor="chart")]
    if road.process is None:
        note = say("No process steps were given: fill in steps.xlsx, and the chart is drawn here.")
        return Shown((*blocks, results.text(note)))
    process = road.process
    handoffs = process.handoff_table(road.language).head(MOST_HANDOFFS)
    blocks += [
        results.text(
            say(
                "From the first step to the last: {time}, {handoffs} between roles.",
                time=process.lead_time_words(say),
                handoffs=say.plural("{n} hand-off", "{n} hand-offs", len(process.handoffs)),
            )
        ),
        layout_chart(process, road.verdicts, road.language).picture(),
        _steps_table(road, say),
    ]
    notes = []
    if process.steps["cost"].notna().any():
        notes.append(
            say("Costs in the chart are in {currency}.", currency=road.client.profile.currency)
        )
    if any(map(any, road.steps["votes"])):
        notes.append(say("✓ and ▲: so many people say that the step works, or needs improvement."))
    blocks += [results.text(" ".join(notes), "note")] if notes else []
    if len(handoffs):
        caption = say("Hand-offs, the longest wait first")
        rows = handoffs.itertuples(index=False)
        blocks.append(results.table(list(handoffs), rows, caption=caption, numeric=[4]))
    return Shown(tuple(blocks))


def _steps_table(road: RoadMap, say: Language) -> Block:
    words = {
        "works": say("works"),
        "needs improvement": say("needs improvement"),
        "no evidence": say("no evidence"),
        "unknown": say("unknown"),
    }
    rows = [
        [
            step.step,
            step.role,
            results.badge(words[step.verdict], step.verdict),
            step.evidence or say("It protects no right that is measured against a target."),
            " ".join(filter(None, [words.get(step.says), _votes(step.votes)])) or "–",
        ]
        for step in road.steps.itertuples()
    ]
    head = [say("Step"), say("Role"), say("Verdict"), say("Evidence"), say("The client says")]
    return results.table(head, rows, caption=say("Every step, its verdict and the evidence for it"))


def _votes(votes: tuple[int, int]) -> str:
    return f"✓\N{NO-BREAK SPACE}{votes[0]} ▲\N{NO-BREAK SPACE}{votes[1]}" if any(votes) else ""


def events(road: RoadMap) -> Shown:
    """Show what the recorded events say of the way that orders really went."""
    say = speak(road.language)
    if "log" not in road.views:
        return Shown(())
    log, drawn = road.views["log"], road.views.get("drawn")
    told = [log.sentence(say), *([drawn.sentence(say)] if drawn else [])]
    blocks = [results.heading(say("What really happens"), anchor="events")]
    blocks += map(results.text, told)
    if drawn is not None:
        chart = layout_chart(drawn.process, language=road.language, seen=drawn.seen)
        blocks += [chart.picture(), results.text(chart.alt, "note")]
    if drawn is not None and len(rows := drawn.table(road.language).head(MOST_DEVIATIONS)):
        caption = say("Where orders leave the chart, the most frequent first")
        # The hours are for the workshop: orders cut short seem quick.
        rows = rows.drop(columns=rows.columns[4])
        cells = rows.itertuples(index=False)
        blocks.append(results.table(list(rows), cells, caption=caption, numeric=[2, 3, 4, 5]))
    blocks += _view(road, "blamed", say("What orders wait for"), "blamed", drawn=False)
    return Shown((*blocks, *_view(road, "waits", say("Waiting in busy weeks"), "waits")))


def scorecard(road: RoadMap) -> Shown:
    """Show each right's rate with its bounds, interval, coverage and verdict."""
    say = speak(road.language)
    blocks = [results.heading(say("The seven rights"), anchor="rights")]
    if road.rights is None:
        note = say(
            "No order lines were given: fill in order_lines.xlsx, and the rights stand here."
        )
        return Shown((*blocks, results.text(note)))
    shown = road.rights.table(road.language)
    card = road.rights.scorecard()
    rows = [
        [*cells[:-1], results.badge(cells[-1], verdict_kind(row))]
        for cells, (_, row) in zip(shown.itertuples(index=False), card.iterrows(), strict=True)
    ]
    alt = "; ".join(f"{cells[0]}: {cells[1]}" for cells in shown.itertuples(index=False))
    blocks += [
        results.text(
            say(
                "An order is right when all its lines are. What is not known counts as unknown, "
                "never as right: the hatched part may be right or wrong."
            )
        ),
        results.picture(
            plots.as_svg(road.rights.plot(language=road.language)),
            alt=say("Share of right orders. {shares}.", shares=alt),
            caption=say(
                "Mark: confirmed (● target met, ▲ missed, ◆ not demonstrable or no target). "
                "Hatched: unknown. Thin line: 95% interval. Upright line: target."
            ),
        ),
        results.table(
            list(shown), rows, caption=say("The seven rights, by order"), numeric=[1, 2, 3, 4, 5]
        ),
    ]
    frame = road.rights.frame
    if "kind" in frame and frame["kind"].eq("service").mean() > 0.5:
        blocks.append(results.text(_services(say), "note"))
    return Shown(tuple(blocks))


def _services(say: Language) -> str:
    """Say what the rights mean where a visit is ordered, and no goods."""
    return say(
        "Most of these orders are services. There, the right product is the service and the skill "
        "that were agreed; the right quantity, all of the work; the right place, the agreed "
        "address; the right condition, that it works afterwards without another visit; the right "
        "information, the report."
    )


def definitions(road: RoadMap) -> Shown:
    """Show what breaks perfect orders, and how the same orders read by other definitions."""
    say = speak(road.language)
    blocks = _view(road, "perfect", say("What breaks perfect orders"), "perfect")
    blocks += _view(road, "ladder", say("By other definitions"), "ladder", drawn=False)
    return Shown(
        (*blocks, *_view(road, "benchmarks", say("Against others"), "others", drawn=False))
    )


def speed(road: RoadMap) -> Shown:
    """Show how long orders take, and whether small and large ones are served alike."""
    say = speak(road.language)
    blocks = _view(road, "cycles", say("How long it takes"), "speed")
    return Shown(tuple(blocks + _view(road, "fairness", say("Small and large"), "sizes")))


def information(road: RoadMap) -> Shown:
    """Show whether an order could be found on its way, and how customers' questions fared."""
    say = speak(road.language)
    blocks = _view(road, "visibility", say("Where is my order?"), "visibility")
    blocks += _view(road, "contacts", say("Customers' questions"), "contacts")
    blocks += _view(road, "claims", say("Complaints"), "claims")
    return Shown(tuple(blocks + _view(road, "records", say("Stock records"), "records")))


def _view(road: RoadMap, name: str, title: str, anchor: str, *, drawn: bool = True) -> list[Block]:
    """Return a view under a heading; nothing where the client's tables don't allow it.

    Where its table says all it is not drawn: the picture is for the workshop.
    """
    if name not in road.views:
        return []
    blocks = plain_lead(road.views[name].blocks(speak(road.language), drawn=drawn))
    return [results.heading(title, anchor=anchor), *blocks]


def over_time(road: RoadMap) -> Shown:
    """Show the headline rate by period, against the limits of what varies by itself."""
    say = speak(road.language)
    charts = road.views.get("charts")
    if charts is None or len(charts.data) < 2:
        return Shown(())
    told = [charts.sentence(say), road.views["busy"].sentence(say)]
    drawn, caption = plots.as_svg(charts.plot(language=road.language)), charts.caption(say)
    blocks = [results.heading(say("Over time"), anchor="time"), *map(results.text, told)]
    alt = f"{told[0]} {caption}"
    return Shown((*blocks, results.picture(drawn, alt=alt, caption=caption)))


def by_group(road: RoadMap) -> Shown:
    """Show the headline rate by customer segment and by one other cut of the orders."""
    say = speak(road.language)
    rights = road.rights
    if rights is None or not rights.measured:
        return Shown(())
    cuts = [
        name for name in _GROUPS if name in rights.frame and 1 < rights.frame[name].nunique() <= 60
    ]
    blocks = [results.heading(say("Who is served how"), anchor="groups")] if cuts else []
    found = [compare_groups(rights, cut) for cut in cuts]
    telling = [groups for groups in found if groups.can_tell] or found
    for groups in telling[:2]:
        blocks += plain_lead(groups.blocks(say))
    return Shown((*blocks, *_view(road, "serving", say("What serving costs"), "serving")))


def data(road: RoadMap) -> Shown:
    """Show which tables were read, from which columns, and what was found in them."""
    say = speak(road.language)
    rows = [
        [
            table_title(name, say),
            reading.file,
            say.number(reading.rows),
            _columns_read(name, reading, say),
        ]
        for name, reading in road.client.tables.items()
    ]
    blocks = [
        results.heading(say("The data behind it"), anchor="data"),
        results.table(
            [say("Table"), say("File"), say("Rows"), say("Columns recognised")],
            rows,
            caption=say("What was read"),
            numeric=[2],
        ),
    ]
    blocks += [
        results.text(
            say(
                "Not recognised in {file}, so not read: {headings}.",
                file=reading.file,
                headings=", ".join(reading.unrecognised),
            ),
            "note",
        )
        for reading in road.client.tables.values()
        if reading.unrecognised and reading.rows
    ]
    faults = [problem.sentence(say) for problem in road.problems]
    told = [finding.sentence for finding in road.of_kind("data")]
    if faults or told:
        blocks += [results.heading(say("To know before relying on it"), 3)]
        blocks += [results.items([*told, *faults])]
    return Shown(tuple(blocks))


def _columns_read(table: str, reading: Reading, say: Language) -> str:
    """Say which columns were recognised under other names; the rest stand under ours."""
    if not reading.rows:
        return "–"
    wanted = columns(table)
    other = renamed(reading.columns, wanted)
    label = lambda ours: wanted[ours].labels[say.code] if ours in wanted else ours
    shown = [f"{theirs} → {label(ours)}" for ours, theirs in other.items()]
    same = len(reading.columns) - len(shown)
    as_ours = say.plural("{n} column by our name", "{n} columns by our names", same)
    return ", ".join([*shown, as_ours] if same else shown)


def contract(road: RoadMap) -> Shown:
    """Show every choice that the numbers rest on."""
    say = speak(road.language)
    if road.rights is None:
        return Shown(())
    counts = road.rights.overall("perfect_order")
    numbers = {
        say("Orders pending: not due yet"): counts["pending"],
        say("Orders excluded by reason"): counts["excluded"],
        say("Orders not applicable"): counts["not_applicable"],
    }
    for right, n in road.rights.states.judged.items():
        name = measure_name(f"right_{right}", say)
        numbers |= {say("{right}: lines judged directly", right=name): n} if n else {}
    for name, n in road.client.tables["order_lines"].assumed.items():
        numbers[say("{column}: blanks taken as given", column=column_name(name, say))] = n
    rows = [*choices(road.rights, say), *((name, say.number(n)) for name, n in numbers.items())]
    definitions = [
        say("confirmed = right / (right + wrong + unknown)"),
        say("upper bound = (right + unknown) / (right + wrong + unknown)"),
        say("known = (right + wrong) / (right + wrong + unknown)"),
        say(
            "interval = from Wilson's lower bound of confirmed to his upper bound of the upper "
            "bound, at 95%"
        ),
        say("met: the interval lies at or above the target; missed: below it"),
        say("a perfect order is counted, order by order; rates are never multiplied"),
    ]
    heads, caption = [say("Choice"), say("In force")], say("The contract of definitions")
    lead = say("A number without its definition can't be compared. These hold here.")
    title = results.heading(say("How it was counted"), anchor="contract")
    shown = results.table(heads, rows, caption=caption)
    return Shown((title, results.text(lead), shown, results.items(definitions)))


def choices(rights: Rights, say: Language) -> list[tuple[str, str]]:
    """Say every choice of the contract in words."""
    profile, tolerance = rights.profile, rights.profile.tolerance
    dues = {
        "promised": say("the first promise"),
        "promised_latest": say("the latest promise"),
        "requested": say("the date requested"),
    }
    informed = {
        "documents": say("correct documents"),
        "confirmation": say("a confirmation"),
        "notice": say("a notice before the goods"),
        "tracking": say("tracking before the goods"),
    }
    by_day = say("by day: any hour of the promised day is on time")
    by_hour = say("by the hour; a promise without one means the end of its day")
    days = say.plural("{n} day", "{n} days", int(tolerance["late_days"]))
    early, any_time = tolerance["early_days"], say("right, however early")
    beyond = say.plural("wrong beyond {n} day", "wrong beyond {n} days", int(early or 0))
    business = say("business days ({country})", country=profile.country or "–")
    return [
        (say("Preset"), say("own choices") if profile.contract == "own" else profile.contract),
        (say("Orders as seen on"), say.date(rights.as_of.date())),
        (say("On time against"), dues[profile.due]),
        (say("Time is compared"), by_day if profile.granularity == "day" else by_hour),
        (say("Days are"), business if profile.days == "business" else say("calendar days")),
        (say("Late is allowed by"), days),
        (say("Early is"), any_time if early is None else beyond),
        (say("Cut-off: later orders count from the next day"), profile.cut_off or "–"),
        (say("Quantity may differ by"), say.percent(tolerance["quantity"])),
        (say("Price may differ by"), say.percent(tolerance["price"])),
        (say("Informed means"), say.listing([informed[kind] for kind in profile.information])),
        (say("Rights in scope"), say.listing([right_name(each, say) for each in profile.rights])),
        (say("Reasons excluded"), ", ".join(profile.exclude_reasons) or "–"),
        (say("Time zone"), profile.timezone),
    ]


@dataclass(frozen=True)
class Closing:
    """The last output of a report: it came to its end, with these measures and findings."""

    results: dict[str, object]

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        return {RESULTS_MIME: self.results, "text/plain": "The report is complete."}


def closing(road: RoadMap) -> Closing:
    """Hand over the measures and findings; a report without this output is not whole."""
    profile = road.client.profile
    measures = {"client": profile.id, "as_of": None, "contract": {}, "measures": []}
    if road.rights is not None:
        cuts = [name for name in ("segment",) if name in road.rights.frame]
        measures |= road.rights.by(*cuts, "week").as_json()
    say = speak(road.language)
    problems = [each.sentence(say) for each in road.problems if each.severity == "error"]
    return Closing(
        {
            "client": profile.id,
            "name": profile.name,
            "language": road.language,
            "measures": measures,
            "findings": [finding.as_dict() for finding in road.findings],
            "errors": problems,
            "verdicts": road.verdicts,
        }
    )
