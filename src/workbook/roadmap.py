"""Draw the road map: what works, what needs improvement, and where, with the evidence for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from workbook.bulk import measure_file, open_lines
from workbook.causes import Cell, failing_cells
from workbook.closer import look_closer, new_findings
from workbook.data import Client, latest_day
from workbook.display import Face
from workbook.language import Language, speak
from workbook.priorities import gap_findings, score_gaps
from workbook.process import Process, build_process, names_in
from workbook.resources import data_path
from workbook.responses import score_responses
from workbook.results import Finding
from workbook.rights import (
    Rights,
    count_words,
    judging_profile,
    measure_name,
    measure_rights,
    rate_finding,
)
from workbook.schema import DataError, Problem
from workbook.scores import Scores
from workbook.stats import false_discovery, newcombe_interval
from workbook.survey import Questionnaire, bank_of, design_survey

__all__ = ["RoadMap", "draw_road_map", "keep_key", "measure_client", "pseudonyms"]


# What is seen of a step in the events stands beside its verdict and never makes it.
_BESIDE = ("drawn", "waits", "blamed")


@dataclass(frozen=True)
class RoadMap:
    """Everything that was found about a client; a part the client's data can't give is None.

    `steps` has one row per process step: step_id, step, role, rights, verdict (works, needs
    improvement, no evidence), evidence (sentences with their n), says (the client's own status) and
    votes (for works and for needs improvement), which are never mixed in. `views` are what
    `closer.look_closer` returns, `problems` the faults of the data.
    """

    client: Client
    language: str
    rights: Rights | None
    process: Process | None
    questionnaire: Questionnaire
    scores: Scores | None
    findings: tuple[Finding, ...]
    steps: pd.DataFrame
    views: dict[str, Face]
    problems: tuple[Problem, ...] = ()

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of each step, by its id."""
        return dict(zip(self.steps["step_id"], self.steps["verdict"], strict=True))

    def of_kind(self, kind: str) -> list[Finding]:
        """Return the findings of one kind, most important first."""
        return [finding for finding in self.findings if finding.kind == kind]


def draw_road_map(client: Client, language: str | None = None) -> RoadMap:
    """Measure a client, judge every step and list what was found.

    Customers' names are replaced by pseudonyms unless the profile says show_customers.

    Parameters
    ----------
    client : Client
        As `open_client` returns it.
    language : str, optional
        en, fr, pl or ru; default: the client's.

    Returns
    -------
    RoadMap
    """
    language = language or client.profile.language
    say = speak(language)
    rights, problems = None, client.problems
    try:
        rights = measure_client(client)
    except DataError as error:
        problems += error.problems
    steps_given = client.steps is not None and not client.steps.empty
    process = build_process(client.steps) if steps_given else None
    findings, cells, steps = [], [], pd.DataFrame(columns=["step_id", "verdict"])
    if rights is not None:
        findings += rights.findings(language)
        cells = failing_cells(rights)
        hidden = failing_cells(rights, unknown=True)
        findings += [cell.finding(say) for cell in (*cells, *hidden)]
    views = look_closer(client, rights, process)
    findings += new_findings(views, cells, language)
    if process is not None:
        seen = [
            each for name in _BESIDE if name in views for each in views[name].findings(language)
        ]
        steps, there = _judge_steps(client, process, rights, seen, say)
        findings += there + process.findings(language)
    questionnaire = design_survey(client, findings=findings, language=language)
    scores = _score(client, views, language)
    findings += _answered(client, scores, say) if scores is not None else []
    return RoadMap(
        client=client,
        language=language,
        rights=rights,
        process=process,
        questionnaire=questionnaire,
        scores=scores,
        findings=tuple(sorted(findings, key=_importance)),
        steps=steps,
        views=views,
        problems=problems,
    )


def measure_client(client: Client, by: Sequence[str] = ()) -> Rights | None:
    """Measure a client's rights under pseudonyms, unless names may show; None without lines."""
    reading, profile = client.tables.get("order_lines"), judging_profile(client)
    file = open_lines(reading.large, profile) if reading and reading.large else None
    if file:
        latest = [file.latest(), *([] if client.events is None else [latest_day(client.events)])]
        as_of = profile.as_of or max(filter(None, latest), default=None)
        hide = lambda column, rows: {} if column != "customer" else pseudonyms(rows)
        return measure_file(file, by, as_of, None if profile.show_customers else hide)
    lines = client.order_lines
    if lines is None or lines.empty:
        return None
    if "customer" in lines and not profile.show_customers:
        names = pseudonyms(lines["customer"].value_counts())
        lines = lines.assign(customer=lines["customer"].map(names))
        reading = replace(client.tables["order_lines"], data=lines)
        client = replace(client, tables=client.tables | {"order_lines": reading})
    return measure_rights(client, by=by)


def pseudonyms(rows: pd.Series) -> dict[str, str]:
    """Return a pseudonym for each customer, the one with most lines first.

    Examples
    --------
    >>> pseudonyms(pd.Series({"Bo": 2, "Al": 1}))
    {'Bo': 'C1', 'Al': 'C2'}
    """
    ranked = sorted(rows.index, key=lambda name: (-rows[name], str(name)))
    return {name: f"C{place}" for place, name in enumerate(ranked, start=1)}


def keep_key(client: Client) -> Path | None:
    """Write who is who among the pseudonyms into the client's own folder, and nowhere else.

    None where customers are shown by name, are not given, or the client is a shipped sample.
    """
    lines = client.order_lines
    shipped = data_path() in client.folder.resolve().parents
    if lines is None or "customer" not in lines or client.profile.show_customers or shipped:
        return None
    key = pseudonyms(lines["customer"].value_counts())
    path = client.folder / "customer_key.csv"
    pd.DataFrame({"pseudonym": key.values(), "customer": key.keys()}).to_csv(path, index=False)
    return path


def _score(client: Client, views: dict[str, Face], language: str) -> Scores | None:
    frame = client.responses
    if frame is None or frame.empty:
        return None
    # Where answers tell of no questionnaire that stayed out, the events may.
    mailed = int(views["mailing"].data["sent_at"].notna().sum()) if "mailing" in views else 0
    asked, least = bank_of(client, language), client.profile.min_group
    return score_responses(
        frame,
        asked,
        sent=mailed if mailed > len(frame) else None,
        min_group=least,
        language=language,
    )


def _answered(client: Client, scores: Scores, say: Language) -> list[Finding]:
    """Return what the answers show, also beside a competitor's."""
    found = scores.findings(say.code)
    if client.benchmarks is not None:
        found += gap_findings(score_gaps(scores, client.benchmarks), scores, say)
    return found


def _importance(finding: Finding) -> tuple[int, float]:
    """Failures first, by how many orders they touch; then what is not known; then what works."""
    order = ["needs improvement", "no evidence", "data", "works"].index(finding.kind)
    # An effect in hours or days counts as one that every order feels, of those that it happens to.
    effect, observed = abs(finding.effect or 0), finding.observed or 0
    if finding.id.startswith(("driver-", "rival-")):
        effect /= 4  # points on a scale from 1 to 5
    touched = (finding.n or 0) * (effect if effect <= 1 else observed if 0 < observed < 1 else 1)
    return (order, -touched)


# --- the steps ------------------------------------------------------------------------------------


def _judge_steps(
    client: Client, process: Process, rights: Rights | None, seen: list[Finding], say: Language
) -> tuple[pd.DataFrame, list[Finding]]:
    """Judge each step by the rights it protects and by the orders that passed it.

    What was `seen` of it in the events stands beside, as do the client's own words and votes.
    """
    worse = _worse_there(client, process, rights)
    rows, findings = [], []
    for step in process.steps.itertuples():
        protects = [right for right in names_in(step.rights) if rights and right in rights.measured]
        judged = {right: rights.overall(f"right_{right}") for right in protects}
        missed = [right for right in protects if judged[right]["verdict"] == "missed"]
        there = [cell for cell in worse if cell.where["step_id"] == step.step_id]
        met = bool(protects) and all(row["verdict"] == "met" for row in judged.values())
        verdict = "needs improvement" if missed or there else "works" if met else "no evidence"
        shown = missed if missed else protects
        evidence = [rate_finding(judged[right], right, say).sentence for right in shown]
        found = [_step_finding(cell, step.step, say) for cell in there]
        evidence = [finding.sentence for finding in found] + evidence
        evidence += [each.sentence for each in seen if each.step_id == step.step_id]
        findings += found
        votes = [getattr(step, name, None) for name in ("votes_works", "votes_improve")]
        rows.append(
            {
                "step_id": step.step_id,
                "step": step.step,
                "role": step.role,
                "rights": tuple(names_in(step.rights)),
                "verdict": verdict,
                "evidence": " ".join(evidence),
                "says": getattr(step, "status", None),
                "votes": tuple(0 if pd.isna(each) else int(each) for each in votes),
            }
        )
    return pd.DataFrame(rows), findings


def _worse_there(client: Client, process: Process, rights: Rights | None) -> list[Cell]:
    """Compare the orders that passed a step with those that did not, for each right it protects."""
    events = client.events
    if rights is None or events is None or "delivered_at" not in client.order_lines:
        return []
    ids = pd.Index(rights.states.order_ids)
    # What comes after the delivery (a claim, say) follows from a failure and did not bring it.
    delivered = client.order_lines.groupby("order_id")["delivered_at"].max().reindex(ids)
    order = ids.get_indexer(events["order_id"])
    before = (events["event_at"].to_numpy() <= delivered.to_numpy()[order]) & (order >= 0)
    tried = []
    for step in process.steps.itertuples():
        activity = getattr(step, "activity", None)
        activity = step.step if pd.isna(activity) else activity
        passed = np.zeros(len(ids), bool)
        passed[order[before & events["activity"].eq(activity).to_numpy(bool)]] = True
        for right in names_in(step.rights):
            if right in rights.measured and passed.any() and not passed.all():
                tried.append(_compare(step.step_id, right, passed, rights))
    tried = [cell for cell in tried if cell.n >= 30]
    if not tried:
        return []
    passes = false_discovery([cell.p for cell in tried], 0.05)
    large = [cell.share - cell.share_elsewhere >= 0.03 for cell in tried]
    return [cell for cell, one, two in zip(tried, passes, large, strict=True) if one and two]


def _compare(step_id: str, right: str, passed: np.ndarray, rights: Rights) -> Cell:
    state = rights.order_states(right)
    known, wrong = state % 2 == 1, state == 3
    n, k = int((known & passed).sum()), int((wrong & passed).sum())
    m, j = int((known & ~passed).sum()), int((wrong & ~passed).sum())
    return Cell(
        right=right,
        where={"step_id": step_id},
        period=None,
        n=n,
        wrong=k,
        share_elsewhere=j / m if m else 0.0,
        interval=newcombe_interval(k, n, j, m),
        p=float(hypergeom.sf(k - 1, n + m, k + j, n)),
    )


def _step_finding(cell: Cell, step: str, say: Language) -> Finding:
    sentence = say(
        "{right} fails in {share} of {orders} that pass the step {step}, against {elsewhere} of "
        "the others.",
        right=measure_name(f"right_{cell.right}", say),
        share=say.percent(cell.share),
        orders=count_words(cell.n, say),
        step=step,
        elsewhere=say.percent(cell.share_elsewhere),
    )
    return Finding(
        id=f"step-{cell.where['step_id']}-{cell.right}",
        kind="needs improvement",
        sentence=sentence,
        right=cell.right,
        step_id=cell.where["step_id"],
        n=cell.n,
        observed=cell.share,
        expected=cell.share_elsewhere,
        interval=tuple(cell.interval),
        effect=cell.share - cell.share_elsewhere,
    )
