"""Write a report's section on the survey: what came back, what it means, and what to send next."""

from collections.abc import Iterator

import pandas as pd

from workbook import results
from workbook.comments import count_codes
from workbook.language import Language, speak
from workbook.mailing import plan_sample
from workbook.nonresponse import rates_of
from workbook.priorities import score_gaps, set_priorities
from workbook.results import Block, Shown
from workbook.roadmap import RoadMap
from workbook.survey import bank_of

__all__ = ["plain_lead", "survey"]


def plain_lead(blocks: list[Block]) -> list[Block]:
    """Set a view's answer in plain text: a page has one lead."""
    return [block | {"role": ""} if block["kind"] == "text" else block for block in blocks]


def survey(road: RoadMap) -> Shown:
    """Show what customers answered, and the questionnaire to send."""
    say = speak(road.language)
    blocks = [results.heading(say("The survey"), anchor="survey")]
    if road.scores is None:
        blocks.append(results.text(say("No answers were given yet. This is the survey to send.")))
    else:
        parts = (_answers, _priorities, _gaps, _drivers, _comments)
        blocks += [block for part in parts for block in part(road, say)]
    return Shown((*blocks, *road.questionnaire.blocks(say), *_sample(road, say)))


def _answers(road: RoadMap, say: Language) -> list[Block]:
    blocks, rates = road.scores.blocks(say), rates_of(road.client, road.scores)
    told = [results.text(rates.sentence(say), "note")] if rates else []
    return [*blocks[:2], *told, *blocks[2:]]


def _priorities(road: RoadMap, say: Language) -> list[Block]:
    frame, least = road.client.responses, road.client.profile.min_group
    asked = bank_of(road.client, road.language)
    found = set_priorities(frame, asked, min_group=least, language=road.language)
    if len(found.data) < 3:
        return []
    return [results.heading(say("Where to begin"), 3), *plain_lead(found.blocks(say))]


def _gaps(road: RoadMap, say: Language) -> list[Block]:
    given = [road.client.standards, road.client.benchmarks]
    found = [score_gaps(road.scores, each) for each in given if each is not None]
    data = pd.concat(found) if found else pd.DataFrame()
    if data.empty:
        return []
    verdicts = {"better": say("better"), "worse": say("worse"), "undecided": say("undecided")}
    rows = []
    for row in data.itertuples():
        write = say.percent if row.theirs <= 1 else lambda value: say.number(value, 2)
        ours = f"{write(row.ours)} ({write(row.low)} – {write(row.high)})"
        source = row.source if isinstance(row.source, str) and row.source else say("own standard")
        label = road.scores.label(row.question, say)
        between = f"{write(row.gap_low)} – {write(row.gap_high)}"
        rows.append([label, ours, write(row.theirs), between, source, verdicts[row.verdict]])
    head = [say("Question"), say("Ours"), say("Theirs"), say("Difference"), say("Source")]
    caption = say("Against the written standard and others")
    return [results.table([*head, say("Verdict")], rows, caption=caption, numeric=[1, 2, 3])]


def _drivers(road: RoadMap, say: Language) -> Iterator[Block]:
    if "drivers" in road.views:
        yield results.heading(say("What customers suffer from"), 3)
        yield from plain_lead(road.views["drivers"].blocks(say))
        yield results.text(road.views["weighed"].sentence(say), "note")
    if "repeats" in road.views and len(road.views["repeats"].data):
        yield results.text(road.views["repeats"].sentence(say))


def _comments(road: RoadMap, say: Language) -> list[Block]:
    shown, note = count_codes(road.client.responses, say, road.client.profile.min_group)
    if not note:
        return []
    caption = say("What the comments speak of")
    table = results.table(list(shown), shown.to_numpy(), caption=caption, numeric=[1])
    return [*([table] if len(shown) else []), results.text(note, "note")]


def _sample(road: RoadMap, say: Language) -> list[Block]:
    lines = road.client.order_lines
    if lines is None or lines.empty:
        return []
    rate = road.scores.response_rate if road.scores else None
    known = {"response_rate": min(rate, 0.99)} if rate else {}
    plan = plan_sample(lines["order_id"].nunique(), **known)
    return [results.text(plan.sentence(say), "note")]
