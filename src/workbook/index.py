"""Write the index of a batch: batch.json for programs, index.html for people."""

import json
from collections.abc import Mapping
from pathlib import Path

import jinja2
import markupsafe

from workbook.files import write_whole
from workbook.language import LANGUAGES, Language, speak
from workbook.page import faces
from workbook.report import Outcome
from workbook.resources import template_path

__all__ = ["digest", "status_word", "write_index"]


def write_index(out: Path, outcomes: list[Outcome]) -> None:
    clients = [
        {
            "id": outcome.id,
            "status": outcome.status,
            "cell": outcome.cell,
            "reason": outcome.reason or None,
            "errors": list(outcome.errors),
            "seconds": round(outcome.seconds, 2),
            "files": [f"{outcome.id}/{name}" for name in outcome.files],
        }
        for outcome in outcomes
    ]
    write_whole(out / "batch.json", json.dumps({"clients": clients}, indent=1, ensure_ascii=False))
    languages = {outcome.summary.get("language") for outcome in outcomes if outcome.summary}
    say = speak(languages.pop() if len(languages) == 1 and languages <= set(LANGUAGES) else "en")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_path()), autoescape=True, trim_blocks=True
    )
    ranked = sorted(outcomes, key=lambda outcome: outcome.status == "ok")
    page = environment.get_template("index.html.j2").render(
        say=say,
        title=say.plural("{n} client", "{n} clients", len(outcomes)),
        rows=[_index_row(outcome, say) for outcome in ranked],
        style=markupsafe.Markup(template_path("report.css").read_text(encoding="utf-8")),
    )
    write_whole(out / "index.html", page.replace("/* faces */", faces(page)))


def _index_row(outcome: Outcome, say) -> dict[str, object]:
    summary, rate, beside = outcome.summary, "–", ""
    if summary and summary["perfect"]:
        row = summary["perfect"]["perfect_order"]
        measured = summary["perfect"]["perfect_order_measured"]
        if row["confirmed"] is not None:
            rate = _band(row, say)
        elif measured["confirmed"] is not None:
            rate = _band(measured, say)
            beside = say(
                "in {n} of {all} rights",
                n=say.number(len(measured["rights"])),
                all=say.number(len(row["rights"])),
            )
    counts = summary.get("counts", {})
    return {
        "outcome": outcome,
        "status": status_word(outcome, say),
        "name": summary.get("name", outcome.id),
        "rate": rate,
        "beside": beside,
        "weak": counts.get("needs improvement", 0),
        "works": counts.get("works", 0),
        "none": counts.get("no evidence", 0),
        "first": summary.get("first", ""),
    }


def _band(row: Mapping[str, float], say) -> str:
    low, high = say.percent(row["confirmed"]), say.percent(row["upper"])
    return low if low == high else say("{low} to {high}", low=low, high=high)


def status_word(outcome: Outcome, say: Language) -> str:
    return {
        "ok": say("complete"),
        "failed": say("failed"),
        "timeout": say("took too long"),
        "memory": say("needed too much memory"),
        "interrupted": say("interrupted"),
    }[outcome.status]


def digest(summary: Mapping[str, object]) -> dict[str, object]:
    """Keep what the index shows of a report."""
    if not summary:
        return {}
    rows = summary["measures"]["measures"]
    names = ("perfect_order", "perfect_order_measured")
    found = {
        row["measure"]: row
        for row in reversed(rows)
        if row["measure"] in names
        and row["level"] == "order"
        and not row["segment"]
        and row["period"] is None
    }
    kinds = [finding["kind"] for finding in summary["findings"]]
    first = next(
        (f["sentence"] for f in summary["findings"] if f["kind"] == "needs improvement"), ""
    )
    return {
        "name": summary["name"],
        "language": summary["language"],
        "perfect": found,
        "counts": {kind: kinds.count(kind) for kind in set(kinds)},
        "first": first,
    }
