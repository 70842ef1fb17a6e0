"""Write the index of a batch: batch.json for programs, index.html for people."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbook.files import write_whole
from workbook.language import LANGUAGES, Language, speak
from workbook.page import fill_template
from workbook.report import Outcome
from workbook.results import VERDICT_SHAPES
from workbook.rights import measure_name
from workbook.schema import RIGHTS

__all__ = ["digest", "status_word", "write_index"]

_KEPT = ("confirmed", "upper", "interval", "target", "verdict", "rights")
_WHOLE = ("perfect_order", "perfect_order_measured")
_VERDICTS = {"met": "works", "missed": "needs improvement", "not demonstrable": "no evidence"}

Rate = Mapping[str, object]


def digest(summary: Mapping[str, object]) -> dict[str, object]:
    """Keep what the index shows of a report, as plain data; nothing of one that is not whole.

    Examples
    --------
    >>> digest({})
    {}
    """
    if not summary:
        return {}
    rows = summary["measures"]["measures"]
    names = {f"right_{right}" for right in (*RIGHTS, "customer")} | set(_WHOLE)
    whole = [row for row in rows if not row["segment"] and row["period"] is None]
    kept = [row for row in whole if row["level"] == "order" and row["measure"] in names]
    found = summary["findings"]
    weak = [each["sentence"] for each in found if each["kind"] == "needs improvement"]
    return {
        "name": summary["name"],
        "language": summary["language"],
        "as_of": summary["measures"]["as_of"],
        "rates": {row["measure"]: {name: row[name] for name in _KEPT} for row in kept},
        "first": weak[0] if weak else "",
    }


def write_index(out: Path, outcomes: Sequence[Outcome], language: str | None = None) -> None:
    """Write OUT/index.html and OUT/batch.json; changes are told against the batch before.

    Its language is the one asked for, else the clients' if they share one, else English. A client
    whose figures are as they were keeps the change it had: a second run of the same batch gives the
    same page.
    """
    earlier = _earlier(out)
    before = {each.id: _before(each, earlier.get(each.id, {})) for each in outcomes}
    say = speak(language or _shared_language(outcomes))
    # The page before the record: a run that is cut short in between finds no record of itself.
    write_whole(out / "index.html", _page(out, outcomes, before, say))
    clients = [
        {
            "id": each.id,
            "status": each.status,
            "cell": each.cell,
            "reason": each.reason or None,
            "errors": list(each.errors),
            "seconds": round(each.seconds, 2),
            "files": [f"{each.id}/{name}" for name in each.files],
            "summary": each.summary,
            "before": before[each.id],
        }
        for each in outcomes
    ]
    write_whole(out / "batch.json", json.dumps({"clients": clients}, indent=1, ensure_ascii=False))


def _shared_language(outcomes: Sequence[Outcome]) -> str:
    languages = {each.summary.get("language") for each in outcomes if each.summary}
    return languages.pop() if len(languages) == 1 and languages <= set(LANGUAGES) else "en"


def _earlier(out: Path) -> dict[str, dict[str, object]]:
    """Return the clients of the batch before; a record that can't be read is none."""
    try:
        clients = json.loads((out / "batch.json").read_text("utf-8"))["clients"]
        return {each["id"]: each for each in clients}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _before(outcome: Outcome, earlier: Mapping[str, object]) -> dict[str, object]:
    """Return the last figures that differ from these."""
    known = earlier.get("summary") or {}
    is_other = known and known.get("rates") != outcome.summary.get("rates")
    return dict(known if is_other else earlier.get("before") or {})


# --- the page -------------------------------------------------------------------------------------


def _page(out: Path, outcomes: Sequence[Outcome], before: Mapping[str, dict], say: Language) -> str:
    whole = [each for each in outcomes if each.status == "ok"]
    failed = [each for each in outcomes if each.status != "ok"]
    rates = {name for each in whole for name in each.summary.get("rates", {})}
    names = [f"right_{right}" for right in (*RIGHTS, "customer")]
    shown = [name for name in (*names, "perfect_order") if name in rates]
    faulty = sum(bool(each.errors) for each in whole)
    told = [say.plural("{n} report is complete", "{n} reports are complete", len(whole))]
    if faulty:
        told.append(say.plural("{n} from faulty data", "{n} from faulty data", faulty))
    if failed:
        told.append(say.plural("{n} was not made", "{n} were not made", len(failed)))
    return fill_template(
        "index.html.j2",
        say=say,
        title=say.plural("{n} client", "{n} clients", len(outcomes)),
        told=", ".join(told),
        failed=[_failed(each, out, say) for each in failed],
        rows=[_row(each, before[each.id], say) for each in whole],
        heads=[measure_name(name, say) for name in shown],
        grid=[_compared(each, shown, say) for each in whole] if shown else [],
    )


def _failed(outcome: Outcome, out: Path, say: Language) -> dict[str, object]:
    remedies = {
        "failed": say("Correct what the reason names, and run the batch again."),
        "timeout": say("Give it more time with --time-limit, or make its tables smaller."),
        "memory": say("Give it more memory with --memory-limit, or run fewer --jobs at once."),
        "interrupted": say("Run the batch again: what is complete is not made anew."),
    }
    page = f"{outcome.id}/report.html"
    return {
        "name": outcome.id,
        "status": status_word(outcome, say),
        "cell": outcome.cell and say("cell {n}", n=outcome.cell),
        "reason": outcome.reason or "–",
        "remedy": remedies.get(outcome.status, remedies["failed"]),
        "earlier": page if (out / page).is_file() else "",
    }


def _row(outcome: Outcome, before: Mapping[str, object], say: Language) -> dict[str, object]:
    rates, kinds = outcome.summary.get("rates", {}), ("pdf", "docx", "pptx", "xlsx", "zip")
    words = dict(zip(kinds, ("PDF", "Word", "PowerPoint", "Excel", "ZIP"), strict=True))
    endings = {name.rpartition(".")[2]: f"{outcome.id}/{name}" for name in outcome.files}
    rate, beside = _perfect(rates, say)
    return {
        "name": outcome.summary.get("name", outcome.id),
        "page": f"{outcome.id}/report.html",
        "files": [(words[kind], endings[kind]) for kind in kinds if kind in endings],
        "state": _state(outcome, say),
        "errors": outcome.errors,
        "rate": rate,
        "beside": beside,
        "verdicts": _verdicts(rates, say),
        "worst": _worst(rates, say),
        "change": _change(rates, before, say),
        "first": outcome.summary.get("first", ""),
        "language": outcome.summary.get("language", say.code),
    }


def _state(outcome: Outcome, say: Language) -> tuple[str, str, str]:
    """Say what to think of a report that is whole: (kind, shape, words)."""
    kind = "works" if outcome.summary.get("rates") else "no evidence"
    words = say("nothing to measure") if kind == "no evidence" else status_word(outcome, say)
    if outcome.errors:
        kind, words = "needs improvement", status_word(outcome, say)
    return kind, VERDICT_SHAPES[kind], words


def _perfect(rates: Mapping[str, Rate], say: Language) -> tuple[str, str]:
    """Say the share of perfect orders; of those rights that are measured, where some are not."""
    whole, measured = (rates.get(name) for name in _WHOLE)
    if whole and whole["confirmed"] is not None:
        return _band(whole, say), ""
    if measured and measured["confirmed"] is not None:
        n, every = say.number(len(measured["rights"])), say.number(len(whole["rights"]))
        return _band(measured, say), say("in {n} of {all} rights", n=n, all=every)
    return "–", ""


def _band(rate: Rate, say: Language) -> str:
    if rate["confirmed"] is None:
        return say("at most {upper}", upper=say.percent(rate["upper"]))
    low, high = say.percent(rate["confirmed"]), say.percent(rate["upper"])
    return low if low == high else say("{low} to {high}", low=low, high=high)


def _rights(rates: Mapping[str, Rate]) -> dict[str, Rate]:
    return {name: rate for name, rate in rates.items() if name not in _WHOLE}


def _verdicts(rates: Mapping[str, Rate], say: Language) -> list[tuple[str, str, str]]:
    """Return how many rights met their targets: (kind, shape, words), no target left out."""
    found = [rate["verdict"] for rate in _rights(rates).values()]
    words = {
        "missed": lambda n: say.plural("{n} missed", "{n} missed", n),
        "met": lambda n: say.plural("{n} met", "{n} met", n),
        "not demonstrable": lambda n: say.plural("{n} open", "{n} open", n),
    }
    counts = {verdict: found.count(verdict) for verdict in words}
    kind = lambda verdict: _VERDICTS[verdict]
    return [(kind(v), VERDICT_SHAPES[kind(v)], words[v](n)) for v, n in counts.items() if n]


def _worst(rates: Mapping[str, Rate], say: Language) -> str:
    """Name the right that is farthest below its target; without any target, the lowest."""
    measured = {name: r for name, r in _rights(rates).items() if r["confirmed"] is not None}
    if not measured:
        return "–"
    aimed = {name: rate for name, rate in measured.items() if rate["target"] is not None}
    distance = lambda item: item[1]["confirmed"] - (item[1]["target"] if aimed else 0.0)
    name, rate = min((aimed or measured).items(), key=distance)
    return f"{measure_name(name, say)}: {_band(rate, say)}"


def _change(rates: Mapping[str, Rate], before: Mapping[str, object], say: Language) -> str:
    """Say how much the confirmed share moved since the batch before, in points."""
    old = before.get("rates") or {}
    for name in _WHOLE:
        now, then = (each.get(name, {}).get("confirmed") for each in (rates, old))
        if now is not None and then is not None:
            sign = "+" if now > then else ""
            return say("{points} points", points=sign + say.points(now - then))
    return "–"


def _compared(outcome: Outcome, shown: Sequence[str], say: Language) -> dict[str, object]:
    rates = outcome.summary.get("rates", {})
    cells = [_cell(rates.get(name), say) for name in shown]
    return {"name": outcome.summary.get("name", outcome.id), "cells": cells}


def _cell(rate: Rate | None, say: Language) -> dict[str, object]:
    """Return one share as words and as a bar of 100 units: sure, open (unknown), goal."""
    if rate is None or rate["upper"] is None:
        return {"words": "–", "kind": "", "shape": "", "bar": None}
    kind = _VERDICTS.get(rate["verdict"], "")
    ends = {"sure": rate["confirmed"] or 0.0, "most": rate["upper"], "goal": rate["target"]}
    bar = {name: None if share is None else round(100 * share, 1) for name, share in ends.items()}
    shape = VERDICT_SHAPES.get(kind, "")
    return {"words": _band(rate, say), "kind": kind, "shape": shape, "bar": bar}


def status_word(outcome: Outcome, say: Language) -> str:
    """Say how a report ended."""
    if outcome.status == "ok" and outcome.errors:
        return say("made from faulty data")
    return {
        "ok": say("complete"),
        "failed": say("failed"),
        "timeout": say("took too long"),
        "memory": say("needed too much memory"),
        "interrupted": say("interrupted"),
    }[outcome.status]
