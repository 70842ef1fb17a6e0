"""Write a client that a reader can check by eye: three steps, four orders, one of them late."""

from pathlib import Path

STEPS = """\
step_id,step,role,predecessors,touch_minutes,rights
1,Take the order,Sales,,5,information
2,Pick,Warehouse,1,10,product;quantity
3,Deliver,Carrier,2,60,time
"""
ORDER_LINES = """\
order_id,carrier,promised_at,delivered_at
A1,Van,2026-03-02,2026-03-02
A2,Van,2026-03-03,2026-03-05
A3,Bike,2026-03-04,2026-03-04
A4,Bike,2026-03-05,2026-03-05
"""


def write_client(folder: Path, **files: str) -> Path:
    """Write a client of three steps and four orders, one late; files replace or add to it."""
    shown = {"client.yaml": "name: Shop\n", "steps.csv": STEPS, "order_lines.csv": ORDER_LINES}
    folder.mkdir(parents=True)
    for name, text in (shown | files).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
