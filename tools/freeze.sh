#!/bin/sh
# Write constraints.txt: names and exact versions of what a fresh install brings, and nothing else.
# Usage: tools/freeze.sh [PYTHON]; with the oldest that must work, Debian 12's 3.11.2: newer releases of
# some packages ask for a later 3.11.
set -eu
cd "$(dirname "$0")/.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"${1:-python3}" -m venv "$room/venv"
"$room/venv/bin/python" -m pip install --quiet --only-binary :all: ".[test,full,bench,formats,survey,workshop,cluster,dev]"
{
    echo "# Versions tested together; made by \`make constraints\`. Use: pip install -c constraints.txt"
    "$room/venv/bin/python" - <<'PYTHON'
from importlib.metadata import distributions

ours = {"pip", "setuptools", "wheel", "customer-logistics-workbook"}
found = {d.name.lower().replace("_", "-").replace(".", "-"): d.version for d in distributions()}
print("\n".join(f"{name}=={found[name]}" for name in sorted(found) if name not in ours))
PYTHON
} > "$room/constraints.txt"
mv "$room/constraints.txt" constraints.txt
echo "constraints.txt: $(grep -c == constraints.txt) packages"
