"""Make tables of steps to draw: random ones, hostile names, all kinds of joins and splits."""

import numpy as np
import pandas as pd

HOSTILE = [
    '"quoted" and "again"',
    "<b>bold</b>",
    "<<b>html-like</b>>",
    r"\N \G \E \L \l \r \T",
    r"ends with \ ".strip(),
    r"a\"b",
    "&lt;script&gt; &amp; R&D &#65;",
    '<IMG SRC="/etc/passwd"/>',
    "a -> b; c [shape=point]",
    "node:port:ne",
    "{record | fields}",
    "strict",
    "שלום world",
    "日本の倉庫",
    "\u202eright to left\u202c and \u200fmark\u200e",
    "file:" + "///etc/passwd",
    "image.png",
    "n1:s -- n2",
    "a\\nb\\l",
    "tab\tand\x0bcontrol\x00",
]


def hostile() -> pd.DataFrame:
    ids = [f"{name}{i}" for i, name in enumerate(HOSTILE)]
    ids = [step.replace(";", ",") for step in ids]
    frame = pd.DataFrame({"step_id": ids, "step": HOSTILE, "role": HOSTILE[::-1]})
    return frame.assign(predecessors=["", *ids[:-1]], touch_minutes=1.0)


def random_steps(seed: int) -> pd.DataFrame:
    """Make 5 to 60 steps of 2 to 9 roles, some with two predecessors, some with a way back."""
    rng = np.random.default_rng(seed)
    roles = int(rng.integers(2, 10))
    rows = []
    for i in range(int(rng.integers(5, 61))):
        near = rng.integers(max(0, i - 6), i, 1 + int(rng.random() < 0.3)) if i else []
        back = f"s{rng.integers(max(0, i - 5), i + 1)}" if rng.random() < 0.08 else None
        rows.append(
            {
                "step_id": f"s{i}",
                "step": "Confirm the delivery date"[: int(rng.integers(4, 25))],
                "role": f"Role {rng.integers(roles)}",
                "predecessors": ";".join(sorted({f"s{p}" for p in near})),
                "touch_minutes": float(rng.integers(1, 30)),
                "wait_minutes": float(rng.integers(0, 300)),
                "rework_to": back,
                "rework_share": 0.05 if back else None,
            }
        )
    return pd.DataFrame(rows)


def forks() -> pd.DataFrame:
    """A split of any met again, one of all met by all, one met by the first, and a way back."""
    rows = [
        ("a", "Take the order", "Sales", "", None, "any", None),
        ("b", "Call", "Sales", "a", None, None, None),
        ("c", "Write", "Back office", "a", None, None, None),
        ("d", "Confirm", "Sales", "b;c", "any", "all", None),
        ("e", "Pick", "Store", "d", None, None, None),
        ("f", "Print papers", "Back office", "d", None, None, None),
        ("g", "Load", "Store", "e;f", "all", "all", "e"),
        ("h", "Ask carrier one", "Sales", "g", None, None, None),
        ("i", "Ask carrier two", "Sales", "g", None, None, None),
        ("j", "Book the first", "Store", "h;i", "any", None, None),
    ]
    names = ["step_id", "step", "role", "predecessors", "join", "split", "rework_to"]
    frame = pd.DataFrame(rows, columns=names)
    share = frame["rework_to"].notna().map({True: 0.08, False: None})
    return frame.assign(rework_share=share, touch_minutes=5.0, wait_minutes=10.0)


def squeezed(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable() and not letter.isspace())
