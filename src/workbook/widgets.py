"""Offer a notebook's parameters as small controls: each sets the value that its cell sets.

A control holds no logic of its own. Run without one, with the same value in the parameters cell,
the notebook shows the same; so it can be run by hand, in a workshop, or in bulk.
"""

from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field

import ipywidgets
from IPython.display import display

from workbook.data import find_client
from workbook.language import LANGUAGES, Language, speak
from workbook.profile import read_profile
from workbook.resources import data_path
from workbook.results import Shown, text
from workbook.rights import PERIODS, column_name
from workbook.schema import DataError, columns

__all__ = ["Control", "choose", "choose_client"]

_DUE = {name: f"{name}_at" for name in ("requested", "promised", "promised_latest")}


@dataclass(frozen=True)
class Control:
    """Labelled controls, and below them what `redraw` returns: drawn again at every change."""

    widgets: tuple[ipywidgets.Widget, ...]
    redraw: Callable[[], object] | None
    _handles: list[object] = field(default_factory=list, repr=False)

    def shown(self) -> object:
        """Return what the present values give, or what is wrong with them, in a sentence."""
        try:
            return self.redraw() if self.redraw else None
        except (ValueError, DataError) as fault:
            return Shown((text(str(fault)),))

    def refresh(self, change: object = None) -> None:
        """Draw the result again in its place."""
        for handle in self._handles:
            handle.update(self.shown())

    def _ipython_display_(self) -> None:
        display(ipywidgets.VBox(self.widgets))
        if self.redraw:
            self._handles[:] = [display(self.shown(), display_id=True)]


def choose(
    values: MutableMapping[str, object],
    name: str,
    options: Iterable[object],
    *,
    show: Callable[[], object] | None = None,
) -> Control:
    """Offer the options of one parameter; the value that it has now is always among them.

    `values` are the notebook's own names, `globals()`: the control sets `values[name]` and nothing
    else. What `show` returns is drawn below the control, and again at every change.

    Examples
    --------
    >>> values = {"due": "promised", "language": "en"}
    >>> control = choose(values, "due", ["promised", "requested"])
    >>> control.widgets[0].value = "requested"
    >>> values["due"]
    'requested'
    """
    say = speak(str(values["language"]))
    labels = [(_option(value, say), value) for value in dict.fromkeys([*options, values[name]])]
    return _bind(values, {name: ipywidgets.Dropdown(options=labels, value=values[name])}, show, say)


def choose_client(values: MutableMapping[str, object]) -> Control:
    """Offer the client's folder and the language; a folder that can't be read is named."""
    say = speak(str(values["language"]))
    samples = sorted(path.parent.name for path in data_path().glob("*/client.yaml"))
    folder = ipywidgets.Combobox(options=samples, value=values["client"], continuous_update=False)
    names = [(speak(code).locale.get_language_name(code).capitalize(), code) for code in LANGUAGES]
    language = ipywidgets.Dropdown(options=names, value=values["language"])

    def read() -> Shown:
        say = speak(str(values["language"]))
        name = read_profile(find_client(str(values["client"]))).name
        return Shown((text(say("{client}: now run the cells below.", client=name)),))

    return _bind(values, {"client": folder, "language": language}, read, say)


def _bind(
    values: MutableMapping[str, object],
    widgets: dict[str, ipywidgets.Widget],
    show: Callable[[], object] | None,
    say: Language,
) -> Control:
    control = Control(tuple(widgets.values()), show)
    for name, widget in widgets.items():
        widget.description = _label(name, say)
        widget.style.description_width = "14em"
        widget.layout.width = "32em"
        widget.observe(lambda change, name=name: values.update({name: change["new"]}), "value")
        widget.observe(control.refresh, "value")
    return control


def _label(name: str, say: Language) -> str:
    labels = {"client": say("Client's folder"), "language": say("Language")}
    labels |= {"due": say("On time against"), "group": say("Compare by")}
    labels |= {"wait_left": say("Waiting that is left")}
    labels |= {"closed_questions": say("Closed questions"), "fixed": say("Right to mend")}
    labels |= {"wanted": say("Target"), "period": say("Period"), "share": say("Promises to keep")}
    return labels.get(name, name)


def _option(value: object, say: Language) -> str:
    if isinstance(value, float):
        return say.percent(value, 0)
    column = _DUE.get(value, value)
    return column_name(column, say) if column in {*PERIODS, *columns("order_lines")} else str(value)
