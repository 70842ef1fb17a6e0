"""Say who does what: RACI, agreement on who does each step, and a page for each role.

Two people who each think that the other does it, or that they do, cost more than a slow step.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results
from workbook.display import Face
from workbook.language import Language, speak
from workbook.process import Process
from workbook.results import Block, Finding
from workbook.rights import right_name
from workbook.schema import fold
from workbook.stats import wilson_interval
from workbook.steps import names_in

__all__ = ["Roles", "assign_roles", "fleiss_kappa"]

# Two roles share a step when each is named by this share of the people at least.
_SHARED = 1 / 3


def fleiss_kappa(counts: pd.DataFrame | np.ndarray) -> float:
    """Return Fleiss' κ: agreement beyond chance of several raters; 1 is full, 0 is chance.

    Parameters
    ----------
    counts : array of shape (subjects, categories)
        How many raters put each subject in each category. Subjects with fewer than two raters
        are left out; where their numbers differ, each subject's own number counts.

    Returns
    -------
    float
        NaN when nothing can be compared, or all raters use one category only.

    References
    ----------
    Fleiss 1971, Measuring nominal scale agreement among many raters, Psychological Bulletin 76.

    Examples
    --------
    >>> fleiss_kappa(np.array([[3, 0], [0, 3]]))
    1.0
    """
    counts = np.asarray(counts, dtype=float)
    counts = counts[counts.sum(axis=1) >= 2]
    n = counts.sum(axis=1)
    if not len(n):
        return np.nan
    agreed = ((counts**2).sum(axis=1) - n) / (n * (n - 1))
    chance = ((counts.sum(axis=0) / n.sum()) ** 2).sum()
    return float((agreed.mean() - chance) / (1 - chance)) if chance < 1 else np.nan


@dataclass(frozen=True, eq=False)
class Roles(Face):
    """Who does what.

    `data`, one row per step: step_id, step, role, owner, n (people asked), known (who named a
    role), named (the role named most), agreement (its share of n), as_drawn (share naming the
    drawn role), fault (nobody, two or blank). `kappa` is over all steps.
    """

    data: pd.DataFrame
    counts: pd.DataFrame
    process: Process
    standards: pd.DataFrame | None
    kappa: float
    language: str = "en"

    @property
    def raci(self) -> pd.DataFrame:
        """The letters per step (row) and role: R does it, A answers for it, C was named by people
        asked though another does it, I receives the hand-off. C and I are proposals to confirm.
        """
        owners = [name for cell in self.data["owner"] for name in names_in(cell)]
        roles = list(dict.fromkeys([*self.process.roles, *owners]))
        table = pd.DataFrame("", index=self.data["step_id"], columns=roles)
        for row in self.data.itertuples():
            told = dict.fromkeys([row.role], "R")
            for owner in names_in(row.owner):
                told[owner] = told.get(owner, "") + "A"
            for role in self._named(row.step_id):
                told.setdefault(role, "C")
            for after in self.process.graph.successors(row.step_id):
                told.setdefault(self.process.steps.at[after, "role"], "I")
            for role, letters in told.items():
                if role in table:
                    table.at[row.step_id, role] = letters
        return table

    def _named(self, step: str) -> list[str]:
        found = self.counts.loc[step] if step in self.counts.index else pd.Series(dtype=float)
        return [role for role in found.index if role and found[role] > 0]

    def caption(self, say: Language) -> str:
        return say("Who does what, and do people agree on it")

    def sentence(self, say: Language) -> str:
        """Say how far people agree, and how many steps have no owner or two."""
        fault = self.data["fault"]
        told = [
            say.plural(
                "{n} step that nobody owns",
                "{n} steps that nobody owns",
                int((fault == "nobody").sum()),
            ),
            say.plural(
                "{n} step that two roles own",
                "{n} steps that two roles own",
                int((fault == "two").sum()),
            ),
        ]
        told = say.listing(told) + "."
        asked = self.data[self.data["n"] > 0]
        if asked.empty:
            return told
        agreed = say(
            "In {share} of the answers people name the same role for a step (Fleiss κ {kappa}).",
            share=say.percent((asked["agreement"] * asked["n"]).sum() / asked["n"].sum()),
            kappa=say.number(self.kappa, 2),
        )
        return f"{told} {agreed}"

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        words = {"nobody": say("nobody owns it"), "two": say("two roles own it"), "": "–"}
        write = lambda cell: cell if cell == cell and cell else "–"
        return {
            say("Step"): (str, "step"),
            say("Role"): (str, "role"),
            say("Owner"): (write, "owner"),
            say("People asked"): (say.number, "n"),
            say("Named most"): (write, "named"),
            say("Agreement"): (say.percent, "agreement"),
            say("Remark"): (words.__getitem__, "fault"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        rows = self.data[self.data["n"] > 0].sort_values("agreement", kind="stable").head(15)
        ends = wilson_interval((rows["agreement"] * rows["n"]).round(), rows["n"])
        rows = rows.assign(label=rows["step"], confirmed=rows["agreement"], upper=rows["agreement"])
        rows = rows.assign(low=ends[0], high=ends[1])
        return plots.rate_bands(rows.assign(target=np.nan, verdict="no evidence", note=""), say, ax)

    def blocks(self, say: Language) -> list[Block]:
        """Return sentence and table; the picture only where people were asked."""
        blocks = super().blocks(say)
        return blocks if (self.data["n"] > 0).any() else blocks[:2]

    def _found(self, say: Language) -> Iterator[Finding]:
        for row in self.data[self.data["fault"] != ""].itertuples():
            words = {"step": row.step, "share": say.percent(row.agreement), "n": say.number(row.n)}
            if row.fault == "nobody":
                told = say("Nobody owns “{step}”: name one role that answers for it.", **words)
            else:
                told = say("Two roles own “{step}”: agree on one that answers for it.", **words)
            if row.n:
                told += " " + say("Of {n} people asked {share} name the same role.", **words)
            facts = {"step_id": row.step_id, "n": row.n or None}
            facts["observed"] = row.agreement if row.n else None
            yield Finding(f"{row.fault}-owns-{row.step_id}", "needs improvement", told, **facts)

    def page(self, role: str, language: str | None = None) -> list[Block]:
        """Return one role's page: its steps, their standards, what it receives and hands over.

        Raises
        ------
        ValueError
            If no step has this role.
        """
        say = speak(language or self.language)
        if role not in self.process.roles:
            known = ", ".join(self.process.roles)
            raise ValueError(f"no step has the role {role!r}; write one of {known}")
        hand = self.process.handoffs
        sides = (
            (say("What we receive"), hand[hand["to_role"] == role], "from_role"),
            (say("What we hand over"), hand[hand["from_role"] == role], "to_role"),
        )
        blocks = [results.heading(role), self._steps_of(role, say)]
        for title, rows, other in sides:
            blocks.append(self._handed(title, rows, other, say))
        return blocks

    def _steps_of(self, role: str, say: Language) -> Block:
        steps = self.process.steps
        rows = [
            [
                row.step,
                say.minutes(row.touch_minutes),
                say.minutes(row.wait_minutes),
                "; ".join(self._standard(right, say) for right in names_in(row.rights)) or "–",
            ]
            for row in steps[steps["role"] == role].itertuples()
        ]
        head = [say("Step"), say("Work"), say("Wait before"), say("Standards")]
        return results.table(head, rows, caption=say("Our steps"), numeric=[1, 2])

    def _standard(self, right: str, say: Language) -> str:
        frame = self.standards if self.standards is not None else pd.DataFrame({"measure": []})
        found = frame[frame["measure"].isin([f"right_{right}", right])]
        target = found["target"].dropna() if "target" in found else found["measure"]
        name = right_name(right, say)
        if target.empty:
            return name
        return say("{name}: at least {share}", name=name, share=say.percent(target.iloc[0]))

    def _handed(self, title: str, rows: pd.DataFrame, other: str, say: Language) -> Block:
        name = self.process.steps["step"]
        cells = [
            [name[row["from"]], name[row["to"]], row[other], say.minutes(row["wait_minutes"])]
            for _, row in rows.iterrows()
        ]
        side = say("From") if other == "from_role" else say("To")
        head = [say("After"), say("Before"), side, say("Wait before")]
        return results.table(head, cells, caption=title, numeric=[3])


def assign_roles(
    process: Process,
    answers: pd.DataFrame | None = None,
    *,
    standards: pd.DataFrame | None = None,
    language: str = "en",
) -> Roles:
    """Say who does each step, who answers for it, and whether people agree.

    Nobody owns a step when no owner is written and no role is named by more than half of the
    people asked; two own it when the owner cell names two, or two roles are each named by a third
    of them or more. Without an owner column and without answers nothing is claimed.

    Parameters
    ----------
    process : Process
    answers : DataFrame, optional
        role_answers: person, step_id, claimed_role (blank = does not know).
    standards : DataFrame, optional
        For the pages: measure (right_time …), target.
    language : str

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> people = {"person": ["P1", "P2"], "step_id": ["a", "a"], "claimed_role": ["Store", "Dock"]}
    >>> found = assign_roles(build_process(steps), pd.DataFrame(people))
    >>> found.data[["agreement", "fault"]].values.tolist()
    [[0.5, 'two']]
    """
    counts = _counts(process, answers)
    owned = process.data["owner"].notna().any()
    rows = [_row(row, counts, owned) for row in process.data.itertuples()]
    columns = ["step_id", "step", "role", "owner", "n", "known", "named", "agreement", "as_drawn"]
    data = pd.DataFrame(rows, columns=[*columns, "fault"])
    return Roles(data, counts, process, standards, fleiss_kappa(counts.to_numpy()), language)


def _counts(process: Process, answers: pd.DataFrame | None) -> pd.DataFrame:
    """Count the answers per step and role as the chart spells it; '' is: does not know."""
    if answers is None or answers.empty:
        return pd.DataFrame(index=pd.Index([], name="step_id"))
    drawn = {fold(role): role for role in process.roles}
    said = answers["claimed_role"].fillna("").map(lambda role: drawn.get(fold(role), role.strip()))
    last = answers.assign(said=said).drop_duplicates(["person", "step_id"], keep="last")
    last = last[last["step_id"].astype("str").isin(process.steps.index)]
    return pd.crosstab(last["step_id"].astype("str"), last["said"])


def _row(row: object, counts: pd.DataFrame, owned: bool) -> tuple[object, ...]:
    found = counts.loc[row.step_id] if row.step_id in counts.index else pd.Series(dtype=float)
    n, roles = int(found.sum()), found.drop("", errors="ignore").sort_values(ascending=False)
    share = (roles / n) if n else roles
    owners = names_in(row.owner)
    fault = ""
    if len(owners) > 1 or int((share >= _SHARED).sum()) > 1:
        fault = "two"
    elif not owners and (n or owned) and not (share > 0.5).any():
        fault = "nobody"
    named = roles.index[0] if len(roles) and roles.iloc[0] else None
    best = float(share.iloc[0]) if n and len(share) else (0.0 if n else np.nan)
    drawn = float(found.get(row.role, 0) / n) if n else np.nan
    who = "; ".join(owners) or None
    return (row.step_id, row.step, row.role, who, n, int(roles.sum()), named, best, drawn, fault)
