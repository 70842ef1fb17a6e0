"""Hold a workshop on one page: the question, the chart, the contract, a change, actions, papers.

Each section is a widget without code. Everything typed is on disk before anything is drawn.
"""

import asyncio
import base64
import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from pathlib import Path

import ipywidgets as w
import jinja2
import pandas as pd

from workbook import minutes
from workbook.chart import draw_chart, layout_chart
from workbook.data import open_client
from workbook.draft import VOTES, open_draft
from workbook.editor import StepsEditor, changed_elsewhere, draft_path
from workbook.files import ChangedElsewhereError, write_whole
from workbook.formats import check_formats
from workbook.language import speak
from workbook.process import Process
from workbook.resources import template_path
from workbook.results import Block, heading, items, table, text, to_html
from workbook.rights import column_name, right_name
from workbook.schema import RIGHTS
from workbook.trial import ContractTrial, read_change, try_changes
from workbook.whatif import Change

__all__ = ["Workshop"]

_FIRST = {"step_id": ["1"], "step": ["…"], "role": ["…"]}
_DUE = ("promised", "promised_latest", "requested")
_ACTIONS, _ANY = 8, -1  # rows to fill in; a drop-down can't hold None


class Workshop:
    """One client's workshop; `section(name)` returns each part as a widget.

    The client's folder is written to: workshop.json, the table of steps, papers/.

    Raises
    ------
    ValueError
        If the folder or its workshop.json can't be read.
    """

    def __init__(self, folder: str | Path, language: str):
        self.client, self.say = open_client(folder, language=language), speak(language)
        self.words, self.own = minutes.words(language), minutes.words(language)["say"]
        self.board, self.fault = minutes.open_board(self.client.folder), w.HTML()
        steps = self.client.steps if self.client.steps is not None else pd.DataFrame(_FIRST)
        path = self.client.folder / draft_path(self.client).name
        self.editor = StepsEditor(open_draft(path, steps), self.say)
        self.trial = ContractTrial(self.client.or_sample("order_lines"))

    def section(self, name: str) -> w.Widget:
        """Return a section: question, chart, contract, change, actions or papers."""
        return w.VBox([self.fault, getattr(self, f"_{name}")()])

    def _put(self, **said: object) -> None:
        """Take down what was typed; say so where another page has the board by now."""
        try:
            self.board.put(**said)
        except ChangedElsewhereError as error:
            self.fault.value = changed_elsewhere(error, self.say)

    def _question(self) -> w.Widget:
        goals = [(words, name) for name, words in self.words["goal"].items()]
        asked = {"question": w.Textarea(rows=3), "goal": w.Dropdown(options=goals)}
        asked |= {"people": w.Textarea(rows=5)}
        for name, made in asked.items():
            made.value = self.board.said.get(name, self.client.profile.goal * (name == "goal"))
            self._bind(made, self.own[name], lambda new, name=name: self._put(**{name: new}))
        return w.VBox(list(asked.values()))

    def _bind(self, made: w.Widget, label: str, act: Callable[[object], object]) -> w.Widget:
        made.description, made.layout.width = label, "100%"
        made.style.description_width = "13rem"
        made.observe(lambda change: act(change["new"]), "value")
        return made

    def _chart(self) -> w.Widget:
        shown = self.editor
        shown.picture.add_class("stage")
        return w.VBox([shown.picture, shown.told, shown.fields, shown.buttons])

    # --- the contract -----------------------------------------------------------------------------

    @property
    def _choices(self) -> dict[str, object]:
        return self.trial.own | self.board.said.get("contract", {})

    def _contract(self) -> w.Widget:
        shown, now = w.HTML(), self._choices

        def choose(name: str, value: object) -> None:
            self._put(contract=self._choices | {name: None if value == _ANY else value})
            shown.value = self._ladder()

        parts = []
        for name, options in self._options(now).items():
            made = w.Dropdown(options=options, value=_ANY if now[name] is None else now[name])
            parts.append(self._bind(made, self.own[name], lambda v, name=name: choose(name, v)))
        marks = {right: w.Checkbox(right in now["rights"], indent=False) for right in RIGHTS}
        for right, mark in marks.items():
            ticked = lambda _: choose("rights", [each for each in marks if marks[each].value])
            self._bind(mark, right_name(right, self.say).capitalize(), ticked)
        shown.value = self._ladder()
        head = w.HTML(f"<h2>{escape(self.own['rights'])}</h2>")
        left = w.VBox([*parts, head, *marks.values()])
        return w.GridBox(
            [left, shown], layout={"grid_template_columns": "36% 61%", "grid_gap": "3%"}
        )

    def _options(self, now: dict[str, object]) -> dict[str, list[tuple[str, object]]]:
        """Return what the contract offers: words and value, by the name of the choice."""
        late = sorted({*range(8), now["late_days"]})
        early = sorted({*range(8), now["early_days"] or 0})
        days = lambda given: [(self.say.plural("{n} day", "{n} days", n), n) for n in given]
        return {
            "due": [(column_name(f"{each}_at", self.say), each) for each in _DUE],
            "early_days": [(self.own["any"], _ANY), *days(early)],
            "late_days": days(late),
            "granularity": [(self.own[each], each) for each in ("day", "timestamp")],
        }

    def _ladder(self) -> str:
        """Show perfect orders as chosen and as in the contract, and all definitions."""
        trial, choices, say = self.trial, self._choices, self.say
        if not choices["rights"]:
            return _status(self.own["one"])
        now, (rate, _, beside) = (trial.figures(each, say) for each in (choices, trial.own))
        return _fill(
            "contract",
            figures=[now, (rate, self.own["so_far"], beside)],
            rows=trial.rungs(choices, say),
            caption=say("On time in full, by definition"),
            note=trial.client.note,
        )

    # --- what could be ----------------------------------------------------------------------------

    @property
    def _names(self) -> dict[str, str]:
        """The steps by id, each told from others of its name by who does it."""
        rows = self.editor.draft.rows
        return dict(zip(rows["step_id"], rows["step"] + " · " + rows["role"], strict=True))

    @property
    def _changes(self) -> list[dict[str, str]]:
        return self.board.said.get("changes", [])

    def _change(self) -> w.Widget:
        kinds = [(words, name) for name, words in self.words["change"].items()]
        names = lambda: [(name, step_id) for step_id, name in self._names.items()]
        step, kind, value = w.Dropdown(options=names()), w.Dropdown(options=kinds), w.Combobox()
        go, back = (w.Button(description=self.own[name]) for name in ("try", "back"))
        go.button_style = "primary"
        told, figures, charts = w.HTML(), w.HTML(), w.HTML()

        def act(_: object) -> None:
            given = dict(names()).get(value.value, value.value.strip())
            given, kept = ("", True) if kind.value == "remove" else (given, bool(given))
            each = {"step": step.value, "kind": kind.value, "value": given}
            lacks = "no_value" if not kept else "" if read_change(**each) else "no_time"
            told.value = _status(self.own.get(lacks, ""))
            save([*self._changes, *([] if lacks else [each])])

        def save(changes: list[dict[str, str]]) -> None:
            self._put(changes=changes)
            redraw()

        def redraw(_: object = None) -> None:
            if list(step.options) != names():
                step.options = names()
            value.options = [*dict.fromkeys(self.editor.draft.rows["role"]), *self._names.values()]
            with contextlib.suppress(ValueError):  # what is wrong stands below the chart
                figures.value = to_html(self._compare()[1])
                draw(None)

        def draw_both() -> None:
            with contextlib.suppress(ValueError):
                change, blocks = self._compare()
                sides = zip(blocks[-1]["headings"][1:3], change.charts(), strict=True)
                charts.value = _fill("change", charts=[(name, side.svg()) for name, side in sides])

        draw = _calmly(draw_both)
        for made, label in ((step, "step"), (kind, "kind"), (value, "value")):
            self._bind(made, self.own[label], lambda _: None)
        go.on_click(act)
        back.on_click(lambda _: save(self._changes[:-1]))
        self.editor.picture.observe(_calmly(redraw), "value")
        redraw()
        left = w.VBox([step, kind, value, w.HBox([go, back]), told])
        grid = {"grid_template_columns": "45% 52%", "grid_gap": "3%"}
        return w.VBox([w.GridBox([left, figures], layout=grid), charts])

    def _compare(self) -> tuple[Change, list[Block]]:
        """Make the changes; return the comparison, and blocks: what changes, what it brings."""
        edits, names = [read_change(**each) for each in self._changes], self._names
        change, lost = try_changes(self.editor.draft.process(), edits, self.say.code)
        rows = [(each["step"], each["kind"], each["value"]) for each in self._changes]
        told = [
            f"{names.get(s, s)}: {self.words['change'][k]} {names.get(v, v)}".strip()
            for s, k, v in rows
        ]
        shown = change.table(self.say.code)
        cells = shown.itertuples(index=False)
        compared = table(list(shown), cells, caption=change.caption(self.say), numeric=[1, 2, 3])
        return change, [items(told), *map(text, lost), compared]

    # --- actions and papers -----------------------------------------------------------------------

    def _actions(self) -> w.Widget:
        kept, fields = list(self.board.said.get("actions", [])), ("what", "who", "due_day")
        kept += [{}] * max(_ACTIONS - len(kept), 3)

        def put(place: int, name: str, value: object) -> None:
            value = value.isoformat() if isinstance(value, dt.date) else value
            kept[place] = kept[place] | {name: value}
            self._put(actions=[each for each in kept if any(each.values())])

        def cell(place: int, name: str) -> w.Widget:
            given, label = kept[place].get(name), f"{self.own[name]}: {place + 1}"
            day = dt.date.fromisoformat(given) if given and name == "due_day" else None
            made = w.DatePicker(value=day) if name == "due_day" else w.Text(given or "")
            made.add_class("unseen")
            return self._bind(made, label, lambda new: put(place, name, new))

        heads = [w.HTML(f"<b>{escape(self.own[name])}</b>") for name in fields]
        cells = [cell(place, name) for place in range(len(kept)) for name in fields]
        grid = {"grid_template_columns": "3fr 1.2fr 13rem", "grid_gap": ".3rem 1rem"}
        return w.GridBox([*heads, *cells], layout=grid)

    def _papers(self) -> w.Widget:
        shown, go = w.HTML(), w.Button(description=self.own["write"], button_style="primary")

        def write(_: object) -> None:
            shown.value = _status("…")
            try:
                files = self.write_papers()
            except (ValueError, OSError) as fault:
                shown.value = _status(str(fault))
                return
            link = lambda file: (
                file.name,
                self.own[file.stem],
                base64.b64encode(file.read_bytes()),
            )
            files = [(name, words, data.decode()) for name, words, data in map(link, files)]
            folder = self.client.folder / "papers"
            shown.value = _fill("papers", files=files, saved=self.own["saved"], folder=folder)

        go.on_click(write)
        return w.VBox([w.HBox([go]), shown])

    def write_papers(self, day: dt.date | None = None) -> list[Path]:
        """Write minutes, agenda, hand-out and the chart on A3 into papers/; return the files.

        Raises
        ------
        ValueError
            If the steps make no process, or a package that writes the papers is not installed.
        """
        check_formats("pdf,docx")
        from workbook.pdf import set_paper
        from workbook.word import set_document

        say, profile, process = self.say, self.client.profile, self.editor.draft.process()
        sheets = {"minutes": minutes.minutes(self.board.said, self._views(process), say)}
        sheets |= {"agenda": minutes.agenda(say), "handout": minutes.handout(process, say)}
        told = [say.date(day or dt.date.today())]
        set_one = lambda make, name: make(sheets[name], profile, self.own[name], told, say)
        made = {f"{name}.pdf": set_one(set_paper, name) for name in sheets}
        made["minutes.docx"] = set_one(set_document, "minutes")
        made["chart_a3.pdf"] = draw_chart(process, None, say.code, "pdf", "A3")
        folder = self.client.folder / "papers"
        folder.mkdir(exist_ok=True)
        for name, content in made.items():
            write_whole(folder / name, content)
        return [folder / name for name in sorted(made)]

    def _views(self, process: Process) -> Iterator[Block]:
        """Show what the room saw: the votes, the contract, the change, the chart."""
        own, titles, rows = self.own, self.words["title"], self.editor.draft.rows
        votes = rows.loc[rows[list(VOTES)].ne("").any(axis=1), ["step", "role", *VOTES]]
        if len(votes):
            head = [own[name] for name in ("step", "role", "works", "improve")]
            yield heading(own["votes"])
            yield table(head, votes.replace("", "0").to_numpy().tolist(), caption="")
        if "contract" in self.board.said:
            yield heading(titles["contract"])
            yield table([own["choice"], own["chosen"], own["so_far"]], self._agreed(), caption="")
        if self._changes:
            yield heading(titles["change"])
            yield from self._compare()[1]
        yield heading(titles["chart"])
        yield layout_chart(process, language=self.say.code).picture()

    def _agreed(self) -> Iterator[tuple[str, ...]]:
        """Set the contract as chosen beside what it was, with what each reads as."""
        both = (self._choices, self.trial.own)
        for name, options in self._options(both[0]).items():
            said = {value: words for words, value in options}
            yield (
                self.own[name],
                *(said[_ANY if each[name] is None else each[name]] for each in both),
            )
        listed = [[right_name(right, self.say) for right in each["rights"]] for each in both]
        yield self.own["rights"], *map(self.say.listing, listed)
        if not self.trial.client.note:
            now, before = (self.trial.figures(each, self.say) for each in both)
            yield now[1], now[0], before[0]


def _calmly(act: Callable[[], object]) -> Callable[[object], None]:
    """Let what is typed without a pause be followed by one act, half a second later."""
    waiting: list[asyncio.TimerHandle] = []

    def follow(_: object) -> None:
        for each in waiting:
            each.cancel()
        try:
            waiting[:] = [asyncio.get_running_loop().call_later(0.5, act)]
        except RuntimeError:  # no kernel: at once
            act()

    return follow


@cache
def _pages() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(template_path()), autoescape=True)


def _fill(name: str, **values: object) -> str:
    return _pages().get_template(f"workshop/{name}.html.j2").render(values)


def _status(words: str) -> str:
    return f'<p role="status">{escape(words)}</p>'
