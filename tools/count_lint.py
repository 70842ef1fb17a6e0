"""Count how well the wording rules do on tests/lint_corpus and write docs/lint.md's tables."""

import csv
import sys
from pathlib import Path

from workbook.lint import RULES, lint_question

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "fr", "pl", "ru")


def corpus(language: str) -> list[dict[str, str]]:
    """Return the corpus of a language: half, kind, rules, text, answers."""
    with (ROOT / "tests/lint_corpus" / f"{language}.csv").open(encoding="utf-8") as source:
        return list(csv.DictReader(source))


def struck(row: dict[str, str], language: str) -> set[str]:
    """Return the rules that strike a question of the corpus."""
    answers = row["answers"].split("|") if row["answers"] else ()
    return {finding.rule for finding in lint_question(row["text"], language, answers)}


def counts(half: str, language: str) -> dict[str, tuple[int, int, int]]:
    """Count by rule: rightly found, wrongly found, missed; "any" tells bad from good questions."""
    rows = [row for row in corpus(language) if row["half"] == half]
    pairs = [(set(filter(None, row["rules"].split(";"))), struck(row, language)) for row in rows]
    tally = lambda tests: tuple(sum(test) for test in zip(*tests, strict=True))
    by_rule = {
        rule: tally((rule in bad & hit, rule in hit - bad, rule in bad - hit) for bad, hit in pairs)
        for rule in RULES
    }
    whole = (
        (bool(bad and hit), bool(hit and not bad), bool(bad and not hit)) for bad, hit in pairs
    )
    return {"any": tally(whole), **by_rule}


def cell(found: int, false: int, missed: int) -> str:
    """Write precision and recall with their counts; a dash where nothing was to be found."""
    share = lambda n: f"{found}/{n}" if n else "–"
    return f"{share(found + false)}, {share(found + missed)}"


def table(half: str) -> str:
    """Return a half's table: precision and recall, per rule and language."""
    tallies = [counts(half, language) for language in LANGUAGES]
    lines = ["| rule | EN | FR | PL | RU |", "|---|---|---|---|---|"]
    for rule in ("any", *RULES):
        lines.append(f"| {rule} | " + " | ".join(cell(*tally[rule]) for tally in tallies) + " |")
    return "\n".join(lines)


def main() -> None:
    """Put both tables into docs/lint.md; with --misses list what went wrong in the later half."""
    if "--misses" in sys.argv:
        for language in LANGUAGES:
            for row in corpus(language):
                hit, bad = struck(row, language), set(filter(None, row["rules"].split(";")))
                if row["half"] == "after" and hit != bad:
                    print(language, sorted(bad), "→", sorted(hit), row["text"])
        return
    path = ROOT / "docs/lint.md"
    page = path.read_text(encoding="utf-8")
    for half in ("before", "after"):
        start, end = f"<!-- {half} -->", f"<!-- /{half} -->"
        head, rest = page.split(start)
        page = f"{head}{start}\n{table(half)}\n{end}{rest.split(end)[1]}"
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
