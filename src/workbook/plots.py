"""Draw every statistical picture: a table and `ax` in, `ax` out; style only while drawing.

Each takes a frame with the columns that it names, the language of its words, and the axes to draw
in (default: those of a new figure).
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from workbook.language import Language

__all__ = [
    "ACCENT",
    "VERDICT_COLOURS",
    "Ticks",
    "as_svg",
    "control_chart",
    "durations",
    "label_points",
    "label_rows",
    "new_axes",
    "own_ids",
    "pareto",
    "quadrant",
    "rate_bands",
    "style",
    "time_bars",
    "whale_curve",
]

ACCENT, INK, SOFT, PALE = "#1f4e79", "#1c2733", "#6b7280", "#d6e2ec"
VERDICT_COLOURS = {
    "works": "#1b7f5c",
    "needs improvement": "#b3382c",
    "no evidence": "#6b7280",
}
_FONTS = "'Source Sans 3', 'Segoe UI', Helvetica, Arial, sans-serif"


@contextmanager
def style() -> Iterator[None]:
    """Set the workbook's look for the drawings inside the block, and nothing outside it."""
    import seaborn as sns  # not above: it loads ipywidgets, which `import workbook` must not

    look = sns.axes_style("white") | {
        "axes.edgecolor": "#b8c2cc",
        "axes.labelcolor": SOFT,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.family": ["DejaVu Sans"],
        "font.size": 11,
        "text.color": INK,
        "xtick.color": SOFT,
        "ytick.color": INK,
        "svg.fonttype": "none",
        "svg.hashsalt": "workbook",
    }
    with mpl.rc_context(look):
        yield


def new_axes(width: float = 7.6, height: float = 3.0) -> Axes:
    """Return the axes of a new figure (inches) that belongs to no global state."""
    return Figure(figsize=(width, height), layout="constrained").subplots()


def as_svg(ax: Axes) -> str:
    """Return a figure as an SVG element: real text, no date, the same bytes for the same data."""
    target = io.StringIO()
    with style():
        ax.figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    svg = target.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = svg[svg.index("<svg") :].replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    # The page's own font; matplotlib measured with a wider one, so nothing overflows.
    return re.sub(r"font-family: [^;\"]*", f"font-family: {_FONTS}", own_ids(svg))


def own_ids(svg: str) -> str:
    """Give an SVG element ids of its own, so that several can stand in one page.

    Examples
    --------
    >>> own_ids('<svg><g id="a"/><use href="#a"/></svg>')
    '<svg><g id="p9f9826-a"/><use href="#p9f9826-a"/></svg>'
    """
    mine = f"p{hashlib.sha256(svg.encode()).hexdigest()[:6]}-"
    return re.sub(r'((?<![\w-])id="|href="#|url\(#)', rf"\g<1>{mine}", svg)


def rate_bands(data: pd.DataFrame, say: Language, ax: Axes | None = None) -> Axes:
    """Draw one row per rate: what is confirmed, what is unknown, the interval and the target.

    `data`: label, confirmed, upper, low, high, target (shares 0 to 1 or missing), verdict and
    note, which stands where a rate can't.
    """
    with style():
        ax = ax or new_axes(height=0.9 + 0.42 * len(data))
        for verdict in VERDICT_COLOURS:
            _draw_bands(ax, data, (data["verdict"] == verdict) & data["upper"].notna(), verdict)
        place, across = np.arange(len(data)), ax.get_yaxis_transform()
        target = {"color": INK, "linewidth": 2.0, "zorder": 2}
        ax.vlines(data["target"], place - 0.34, place + 0.34, **target)
        for row in place[data["upper"].isna()]:
            words = f"○ {data['note'].iloc[row]}"
            ax.text(0.01, row, words, color=SOFT, va="center", transform=across)
        label_rows(ax, data["label"])
        low = data[["low", "confirmed", "target"]].min().min()
        ax.set_xlim(max(0.0, np.floor((low - 0.03) * 20) / 20) if low == low else 0.0, 1.005)
        ax.xaxis.set_major_formatter(Ticks(say.percent, 100))
        ax.set_label("; ".join(_band_words(row, say) for row in data.itertuples()))
    return ax


def label_rows(ax: Axes, labels: pd.Series | list[str]) -> None:
    """Head each row with its label, the first on top."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.xaxis.grid(True, color="#e6ebf0", linewidth=0.8)
    ax.set_axisbelow(True)


class Ticks(Formatter):
    """Write an axis's numbers (a share: `shown` 100) with as many digits as their steps have."""

    def __init__(self, write: Callable[[float, int], str], shown: float = 1):
        self.write, self.shown = write, shown

    def format_ticks(self, values: list[float]) -> list[str]:
        step = np.diff(values[:2]).sum() * self.shown or 1
        exact = (digits for digits in range(6) if abs(round(step, digits) / step - 1) < 1e-6)
        digits = next(exact, 6)
        return [self.write(value, digits) for value in values]


def _band_words(row: object, say: Language) -> str:
    """Say a rate for those who can't see the picture."""
    if row.upper != row.upper:
        return f"{row.label}: {row.note}"
    ends = dict.fromkeys(map(say.percent, (row.confirmed, row.upper)))
    return f"{row.label}: {' – '.join(ends)}"


_MARKS = {"works": "o", "needs improvement": "^", "no evidence": "D"}


def _draw_bands(ax: Axes, data: pd.DataFrame, these: pd.Series, verdict: str) -> None:
    rows, place, colour = data[these], np.flatnonzero(these), VERDICT_COLOURS[verdict]
    ax.hlines(place, rows["low"], rows["high"], color=colour, linewidth=2.2)
    sure = rows["confirmed"].fillna(0.0)
    bar = (rows["upper"] > sure).to_numpy()
    unknown = {"height": 0.34, "color": "white", "edgecolor": colour, "hatch": "/////"}
    width = (rows["upper"] - sure)[bar]
    ax.barh(place[bar], width, left=sure[bar], linewidth=1.0, zorder=2.5, **unknown)
    mark = {"markersize": 9.5, "markeredgecolor": "white", "color": colour, "zorder": 3}
    mark["clip_on"] = False  # at 100 % it is whole, too
    ax.plot(rows["confirmed"], place, _MARKS[verdict], **mark)


def time_bars(data: pd.DataFrame, say: Language, ax: Axes | None = None) -> Axes:
    """Draw one row per step: the wait before it and the work in it; unknown times draw nothing.

    `data`, in order: step, touch_minutes, wait_minutes, critical (on the longest path: dark).
    """
    times = data[["wait_minutes", "touch_minutes"]].fillna(0.0)
    unit = 60.0 if times.sum(axis=1).max() >= 180 else 1.0
    wait, work = times["wait_minutes"] / unit, times["touch_minutes"] / unit
    with style():
        ax = ax or new_axes(height=0.9 + 0.3 * len(data))
        shade = np.where(data["critical"], ACCENT, "#9db4c9")
        ax.barh(data.index, wait, 0.6, color="white", edgecolor=shade, linewidth=1.2)
        ax.barh(data.index, work, 0.6, left=wait, color=shade, edgecolor=shade, linewidth=1.2)
        label_rows(ax, data["step"])
        ax.set_xlabel(say("hours") if unit == 60.0 else say("minutes"))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.set_major_formatter(Ticks(say.number))
        longest = data.assign(minutes=times.sum(axis=1)).nlargest(3, "minutes")
        parts = [f"{row.step} {say.minutes(row.minutes)}" for row in longest.itertuples()]
        ax.set_label(say("Work and wait per step; longest: {steps}.", steps=", ".join(parts)))
    return ax


def pareto(data: pd.DataFrame, say: Language, ax: Axes | None = None) -> Axes:
    """Draw one bar per kind of failure, the most frequent on top, and the running share.

    `data`, in order: label, orders, cumulative (share 0 to 1).
    """
    shares = data["cumulative"].map(lambda share: say.percent(share, 0))
    words = [f"{say.number(n)} · {share}" for n, share in zip(data["orders"], shares, strict=True)]
    with style():
        ax = ax or new_axes(height=0.9 + 0.34 * max(len(data), 1))
        ax.barh(range(len(data)), data["orders"], 0.62, color=ACCENT)
        for row, orders in enumerate(data["orders"]):
            beside = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
            ax.annotate(words[row], (orders, row), color=SOFT, fontsize=9.5, **beside)
        ax.set_label("; ".join(map("{}: {}".format, data["label"], words)))
        label_rows(ax, data["label"])
        ax.set_xlim(0, 1.18 * max(data["orders"].max(), 1) if len(data) else 1)
        ax.set_xlabel(say("failed orders, and their share added up"))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.set_major_formatter(Ticks(say.number))
    return ax


def control_chart(
    data: pd.DataFrame, center: float | None, say: Language, ax: Axes | None = None
) -> Axes:
    """Draw a share by period, Laney's limits as a band and the plain p chart's as dots.

    `data`, per period: group, value, laney_low, laney_high, laney_outside, p_low, p_high.
    """
    with style():
        ax, place = ax or new_axes(height=3.1), np.arange(len(data))
        if center is not None:
            ax.fill_between(place, data["laney_low"], data["laney_high"], color=PALE, step="mid")
            for limit in ("p_low", "p_high"):
                ax.step(place, data[limit], where="mid", color=SOFT, linestyle=":", linewidth=1)
            ax.axhline(center, color=SOFT, linewidth=0.8)
            out = data["laney_outside"].to_numpy(bool)
            bad = VERDICT_COLOURS["needs improvement"]
            ax.plot(place[out], data["value"][out], "^", color=bad, markersize=8, zorder=3)
        ax.plot(place, data["value"], color=ACCENT, linewidth=1.4, marker="o", markersize=3)
        step = max(1, round(len(data) / 9))
        ax.set_xticks(place[::step], data["group"].iloc[::step])
        ax.tick_params(axis="x", labelsize=9.5, colors=SOFT)
        ax.yaxis.set_major_formatter(Ticks(say.percent, 100))
    return ax


def durations(data: pd.DataFrame, say: Language, ax: Axes | None = None) -> Axes:
    """Draw one row per group: the median as a dot, the 90th and 95th percentile as marks.

    `data`: label, median, p90, p95 in days; a missing one is not drawn.
    """
    with style():
        ax, place = ax or new_axes(height=0.9 + 0.34 * len(data)), np.arange(len(data))
        ends = data[["p90", "p95"]].max(axis=1)
        ax.hlines(place, data["median"], ends, color=PALE, linewidth=5)
        for name, mark in (("median", "o"), ("p90", "|"), ("p95", "|")):
            ax.plot(data[name], place, mark, color=ACCENT, markersize=9)
        label_rows(ax, data["label"])
        ax.set_xlim(left=0)
        ax.set_xlabel(say("days until half, 90% and 95% had arrived"))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.set_major_formatter(Ticks(say.number))
    return ax


def whale_curve(running: np.ndarray, say: Language, ax: Axes | None = None) -> Axes:
    """Draw the running sum of profit over the customers, the best first, as a share of all."""
    with style():
        ax, place = ax or new_axes(height=3.1), np.arange(len(running) + 1)
        curve, top = np.append(0.0, running), int(np.argmax(running)) + 1
        ax.axhline(1, color=SOFT, linewidth=0.8)
        ax.plot(place, curve, color=ACCENT, linewidth=1.6, marker="o", markersize=2.5)
        ax.plot(top, curve[top], "o", color=VERDICT_COLOURS["works"], markersize=8)
        ax.set_xlabel(say("customers, the one that brings most first"))
        ax.set_ylabel(say("share of all profit, so far"))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.set_major_formatter(Ticks(say.percent, 100))
        words = {"n": say.number(top), "share": say.percent(curve[top], 0)}
        ax.set_label(
            say(
                "The best {n} of {all} customers bring {share} of all profit",
                **words,
                all=say.number(len(running)),
            )
        )
    return ax


def label_points(ax: Axes, x: pd.Series, y: pd.Series, labels: pd.Series) -> None:
    """Write each label beside its point, in the corner farthest from points and labels so far."""
    corners = np.array([(1, 1), (-1, 1), (1, -1), (-1, -1)])
    ax.autoscale_view()  # so that places are those of the picture
    points = ax.transData.transform(np.column_stack([x, y])) * 72 / ax.figure.dpi
    taken = np.column_stack([points, np.full_like(points, 5.0)])  # middles and half sizes
    for number, words in enumerate(labels.astype(str)):
        half = np.array([3.3 * len(words), 8.0])
        middles = points[number] + corners * (6 + half[0], 10)
        others = np.delete(taken, number, axis=0)
        apart = np.abs(middles[:, None] - others[:, :2]) - others[:, 2:] - half
        best = int(apart.max(axis=2).min(axis=1, initial=24).round().argmax())
        taken = np.vstack([taken, [*middles[best], *half]])
        side, level = corners[best]
        aside = {"ha": "left" if side > 0 else "right", "va": "bottom" if level > 0 else "top"}
        beside = {"xytext": (6 * side, 4 * level), "textcoords": "offset points", **aside}
        ax.annotate(words, (x.iloc[number], y.iloc[number]), **beside)


def quadrant(data: pd.DataFrame, say: Language, ax: Axes | None = None) -> Axes:
    """Draw each group as a point: the share that is quick against the share that is right.

    `data`: label, quick, quick_low, quick_high, confirmed, low, high (shares 0 to 1).
    """
    with style():
        ax = ax or new_axes(height=3.6)
        wide = np.abs(data[["quick_low", "quick_high"]].T.to_numpy() - data["quick"].to_numpy())
        high = np.abs(data[["low", "high"]].T.to_numpy() - data["confirmed"].to_numpy())
        marks = {"fmt": "o", "color": ACCENT, "ecolor": PALE, "elinewidth": 3}
        ax.errorbar(data["quick"], data["confirmed"], xerr=wide, yerr=high, **marks)
        label_points(ax, data["quick"], data["confirmed"], data["label"])
        for draw, name in ((ax.axvline, "quick"), (ax.axhline, "confirmed")):
            draw(data[name].median(), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.set_xlabel(say("share within the median time of all orders"))
        ax.set_ylabel(say("share right"))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(Ticks(say.percent, 100))
    return ax
