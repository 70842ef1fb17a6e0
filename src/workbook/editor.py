"""Offer the table of steps for changing in a workshop, with the chart drawn again at every change.

Fields are reached by Tab and take effect as they are typed into. Everything typed is on disk before
the chart is drawn, so neither a browser nor a kernel that dies takes anything with it.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

import ipywidgets
import pandas as pd
from IPython.display import display

from workbook.chart import layout_chart
from workbook.data import Client, open_client
from workbook.draft import COLUMNS, VOTES, Draft, open_draft
from workbook.files import ChangedElsewhereError
from workbook.language import Language, speak
from workbook.resources import data_path
from workbook.schema import DataError, columns

__all__ = ["StepsEditor", "changed_elsewhere", "draft_path", "edit_steps"]

_WIDTHS = {"step_id": "5.5em", "step": "15em", "role": "12em", "predecessors": "8em"}
_WIDTHS |= dict.fromkeys(("touch_minutes", "wait_minutes"), "5.5em")
_BUTTON = "4.2em"
_FIRST = {"step_id": ["1"], "step": ["…"], "role": ["…"]}


def draft_path(client: Client) -> Path:
    """Return where changed steps are kept: the client's steps.csv, or beside the notebook.

    A shipped sample is everyone's, and a file with headings or faults of its own is the client's:
    neither is written to.
    """
    reading = client.tables.get("steps")
    shipped = data_path().resolve() in client.folder.resolve().parents
    ours = reading is None or (
        reading.file == "steps.csv"
        and reading.data is not None
        and all(name == heading for name, heading in reading.columns.items())
    )
    beside = Path(f"{client.profile.id}-steps.csv")
    return client.folder / "steps.csv" if ours and not shipped else beside


def edit_steps(values: MutableMapping[str, object]) -> "StepsEditor":
    """Offer the steps of the client that `values`, a notebook's `globals()`, name.

    Raises
    ------
    ValueError
        If the client's folder can't be read.
    """
    client = open_client(str(values["client"]), language=str(values["language"]))
    steps = client.steps if client.steps is not None else pd.DataFrame(_FIRST)
    return StepsEditor(open_draft(draft_path(client), steps), speak(client.profile.language))


@dataclass
class StepsEditor:
    """The fields of a draft, what is wrong with it, and its chart."""

    draft: Draft
    say: Language
    fields: ipywidgets.GridBox = field(init=False, repr=False)
    told: ipywidgets.HTML = field(default_factory=ipywidgets.HTML, repr=False)
    picture: ipywidgets.HTML = field(default_factory=ipywidgets.HTML, repr=False)

    def __post_init__(self) -> None:
        widths = [*_WIDTHS.values(), *[_BUTTON] * (len(VOTES) + 1)]
        layout = ipywidgets.Layout(grid_template_columns=" ".join(widths), grid_gap="2px 6px")
        self.fields = ipywidgets.GridBox(layout=layout)
        self.rebuild()

    def rebuild(self) -> None:
        """Lay the fields out anew: the number of rows has changed."""
        heads = [_head(columns("steps")[name].labels[self.say.code]) for name in _WIDTHS]
        votes = [_head(mark) for mark in ("✓", "▲", "")]
        rows = [cell for row in self.draft.rows.index for cell in self._row(row)]
        self.fields.children = (*heads, *votes, *rows)
        self.redraw()

    def redraw(self) -> None:
        """Draw the chart of the steps as they stand, or say what keeps them from being one."""
        faults: list[str] = []
        try:
            chart = layout_chart(self.draft.process(), language=self.say.code)
            self.picture.value = f'<div tabindex="0" style="overflow-x:auto">{chart.svg()}</div>'
        except DataError as error:
            faults = [problem.sentence(self.say) for problem in error.problems]
        file = self.draft.path.name if self.draft.path.is_file() else ""
        saved = self.say("Saved in {file}.", file=file) if file else ""
        lines = "".join(f"<li>{escape(line)}</li>" for line in faults)
        self.told.value = f'<div role="status">{escape(saved)}<ul>{lines}</ul></div>'

    def _row(self, row: int) -> list[ipywidgets.Widget]:
        step = self.draft.rows.loc[row]
        fields = [self._field(row, name, step[name]) for name in COLUMNS]
        marks = dict(zip(VOTES, ("✓", "▲"), strict=True))
        votes = [self._vote(row, name, mark) for name, mark in marks.items()]
        away = _button("✕", self.say("Take out: {step}", step=step["step"]))
        away.on_click(lambda _: self._do(lambda: self.draft.remove(row), self.rebuild))
        return [*fields, *votes, away]

    def _vote(self, row: int, name: str, mark: str) -> ipywidgets.Button:
        step, label = self.draft.rows.loc[row], columns("steps")[name].labels[self.say.code]
        button = _button(f"{mark} {step[name] or 0}", f"{label}: {step['step']}")

        def show() -> None:
            button.description = f"{mark} {self.draft.rows.at[row, name]}"

        button.on_click(lambda _: self._do(lambda: self.draft.vote(row, name), show))
        return button

    def _field(self, row: int, name: str, value: str) -> ipywidgets.Widget:
        label = f"{columns('steps')[name].labels[self.say.code]}: {row + 1}"
        given = {"value": value, "tooltip": label}
        roles = list(dict.fromkeys(self.draft.rows["role"]))
        made = ipywidgets.Combobox(options=roles, **given) if name == "role" else None
        made = made or ipywidgets.Text(**given)
        made.layout.width = _WIDTHS[name]
        put = lambda value: self._do(lambda: self.draft.change(row, name, value), self.redraw)
        made.observe(lambda change: put(change["new"]), "value")
        return made

    def _do(self, act: Callable[[], object], then: Callable[[], None]) -> None:
        """Change the draft and show it, unless another page has: then say so."""
        try:
            act()
        except ChangedElsewhereError as error:
            self.told.value = changed_elsewhere(error, self.say)
        else:
            then()

    @cached_property
    def buttons(self) -> ipywidgets.HBox:
        """The buttons that add a step and take the last change back."""
        add = ipywidgets.Button(description=self.say("Add a step"), icon="plus")
        add.on_click(lambda _: self._do(self.draft.add, self.rebuild))
        undo = ipywidgets.Button(description=self.say("Undo"), icon="undo")
        undo.on_click(lambda _: self._do(self.draft.undo, self.rebuild))
        return ipywidgets.HBox([add, undo])

    def _ipython_display_(self) -> None:
        display(ipywidgets.VBox([self.fields, self.buttons, self.told, self.picture]))


def changed_elsewhere(error: ChangedElsewhereError, say: Language) -> str:
    """Say, as HTML, that another page has written a file, and what to do."""
    words = say(
        "Not saved: another page has changed {file} since this one was opened. Note what you have "
        "just typed, and reload this page.",
        file=str(error),
    )
    return f'<div role="alert"><b>{escape(words)}</b></div>'


def _button(text: str, tooltip: str) -> ipywidgets.Button:
    layout = ipywidgets.Layout(width=_BUTTON)
    return ipywidgets.Button(description=text, tooltip=tooltip, layout=layout)


def _head(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f"<b>{escape(text)}</b>")
