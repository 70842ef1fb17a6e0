"""Look closer: every further view that a client's tables allow, by name, in the report's order."""

from collections.abc import Iterable

from workbook.benchmarks import compare_benchmarks
from workbook.blamed import look_past_blame
from workbook.bottleneck import compare_waits
from workbook.causes import Cell
from workbook.conformance import compare_log
from workbook.contacts import claims_closure, measure_contacts, record_accuracy
from workbook.cycles import cycle_times, fairness_by_size
from workbook.data import Client
from workbook.display import Face
from workbook.drivers import order_facts, rank_drivers, repeat_orders
from workbook.eventlog import read_log
from workbook.ladder import definition_ladder
from workbook.mailing import plan_mailing
from workbook.nonresponse import weigh_answers
from workbook.perfect import explain_perfect
from workbook.process import Process
from workbook.results import Finding
from workbook.rights import PERIODS, Rights
from workbook.serving import cost_to_serve
from workbook.survey import bank_of
from workbook.trends import busy_and_slow, control_charts
from workbook.visibility import Visibility, trace_orders

__all__ = ["look_closer", "new_findings"]

MOST_PERIODS = 60


def look_closer(
    client: Client, rights: Rights | None, process: Process | None = None
) -> dict[str, Face]:
    """Return what else can be said: a view is absent where its columns or tables are.

    Parameters
    ----------
    client : Client
    rights : Rights or None
        As measured of the client.
    process : Process or None
        As drawn from the client's steps.

    Returns
    -------
    dict
        perfect, ladder, charts, busy, cycles, fairness, serving, benchmarks, log, drawn, blamed,
        waits, visibility, contacts, claims, records, drivers, weighed, repeats, mailing.
    """
    views: dict[str, Face] = {}
    if rights is not None and rights.measured:
        views |= {"perfect": explain_perfect(rights), "ladder": definition_ladder(rights)}
        views |= {"charts": _charts(rights), "busy": busy_and_slow(rights)}
        if "ordered_at" in rights.frame:
            views["cycles"] = cycle_times(rights)
        if {"size_class", "weight_kg", "quantity_ordered"} & set(rights.frame):
            views["fairness"] = fairness_by_size(rights)
        served = cost_to_serve(rights, client.claims)
        views |= {"serving": served} if served is not None else {}
        if _rows(client.benchmarks):
            against = compare_benchmarks(rights, client.benchmarks)
            views |= {"benchmarks": against} if len(against.data) else {}
    if _rows(client.events):
        log = views["log"] = read_log(client)
        if process is not None:
            views["drawn"] = compare_log(process, log, rights=rights)
            blamed = look_past_blame(process, log)
            views |= {"blamed": blamed} if len(blamed.data) else {}
        views["waits"] = compare_waits(log, process)
        views["visibility"] = trace_orders(client)
    if _rows(client.inquiries):
        views["contacts"] = measure_contacts(client.inquiries, client.profile, client.as_of)
    if _rows(client.claims) and "opened_at" in client.claims:
        views["claims"] = claims_closure(client.claims, client.as_of, client.profile)
    if _rows(client.stock) and "counted" in client.stock:
        views["records"] = record_accuracy(client.stock, profile=client.profile)
    return views | _survey(client, rights, views.get("visibility"))


def _survey(client: Client, rights: Rights | None, traced: Visibility | None) -> dict[str, Face]:
    """Join the answers to the orders, where both are there and name each other."""
    answers, judged = client.responses, rights is not None and rights.measured
    if not judged or rights.states is None or not _rows(answers) or "order_id" not in answers:
        return {}
    views: dict[str, Face] = {}
    facts = order_facts(client, rights, traced)
    if "overall" in answers and any(item.id == "overall" for item in bank_of(client)):
        views["drivers"] = rank_drivers(client, facts=facts)
        views["weighed"] = weigh_answers(client, facts=facts)
    if {"customer", "ordered_at"} <= set(client.order_lines):
        views["repeats"] = repeat_orders(client, facts=facts)
    if "delivered_at" in client.order_lines:
        views["mailing"] = plan_mailing(client)
    return views


def _rows(frame: object) -> bool:
    return frame is not None and not frame.empty


def _charts(rights: Rights) -> Face:
    """Chart the headline by the finest period that still can be read."""
    for period in PERIODS:
        charts = control_charts(rights, period=period)
        if len(charts.data) <= MOST_PERIODS:
            break
    return charts


def new_findings(views: dict[str, Face], cells: Iterable[Cell], language: str) -> list[Finding]:
    """Return what the views find beyond the failing cells: one cause is named once."""
    cells = list(cells)
    places = [cell.where for cell in cells if cell.where]
    in_time = any(cell.period and not cell.where for cell in cells)
    found = [finding for view in views.values() for finding in view.findings(language)]
    return [
        finding
        for finding in found
        if finding.where not in places or not finding.where or _apart(finding)
        if not (in_time and finding.id.startswith(("trend-", "busy-")))
    ]


def _apart(finding: Finding) -> bool:
    """Tell what is no failure of a right: early promises by days, and money."""
    return "days" in finding.id or finding.id.startswith("serving-")
