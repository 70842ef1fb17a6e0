"""The `workbook` command: set values, call the package, say the outcome in words."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click

from workbook.language import LANGUAGES, Language, speak
from workbook.schema import DataError

__all__ = ["main"]

_FORMATS = "html,pdf,docx,pptx,xlsx,zip: any of these"
_WHERE = "as .xlsx or .csv, or name their file under tables in client.yaml"
_NO_LINES = f"no order lines could be read, so no right is measured; put order_lines there {_WHERE}"
_NO_STEPS = f"no steps could be read, so there is no chart; put steps there {_WHERE}"
_LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), help="default: the client's")


class _Workbook(click.Group):
    """A group whose errors are one sentence: 1 for the client's data, 2 for wrong usage."""

    def main(self, *args: object, **extra: object) -> None:
        _speak_utf8()
        # What reads notebooks would check addresses in them by it, and it takes seconds to load.
        sys.modules.setdefault("rfc3987_syntax", None)
        try:
            code = super().main(*args, **extra, standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = 2
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "workbook"
            wrong = " ".join(error.format_message().split()).rstrip(".")
            see = " See" if wrong.endswith("?") else "; see"
            click.echo(f"workbook: {wrong}{see} {path} --help", err=True)
            code = 2
        except click.Abort:
            code = 130
        sys.exit(code or 0)


class _InWords:
    """A number of a range, asked for in words."""

    kind, wanted, example = int, "whole number", "7"

    def convert(self, value: object, param: object, ctx: object) -> object:
        try:
            self.kind(value)
        except ValueError:
            such = f"write one such as {self.min or self.example}"
            self.fail(f"{value!r} is no {self.wanted}; {such}", param, ctx)
        return super().convert(value, param, ctx)


class _Whole(_InWords, click.IntRange):
    """A whole number."""


class _Number(_InWords, click.FloatRange):
    """A number, also with decimals."""

    kind, wanted, example = float, "number", "0.5"


def _speak_utf8() -> None:
    """Let a console that can't show a letter show a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _in_words(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn what went wrong into a sentence and an exit code."""

    @wraps(command)
    def run(*args: object, **options: object) -> None:
        try:
            code = command(*args, **options)
        except DataError as error:
            click.echo(str(error), err=True)
            code = 1
        except ValueError as error:
            click.echo(f"workbook: {error}", err=True)
            code = 2
        except OSError as error:
            what = f"{error.filename or 'a file'}: {error.strerror or error}"
            click.echo(f"workbook: {what}; check the path, its rights and the disk", err=True)
            code = 1
        sys.exit(code or 0)

    return run


@click.group(cls=_Workbook, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="customer-logistics-workbook", prog_name="workbook")
def main() -> None:
    """Map the process, measure the seven rights, ask the customers: a client's report."""


@main.command()
@click.option("--out", default="reports", show_default=True, help="where the report goes")
@click.option("--no-open", is_flag=True, help="only say where it is")
@_in_words
def demo(out: str, no_open: bool) -> int:
    """Report on the shipped sample, and open the page."""
    from workbook.report import make_report

    click.echo("Reporting on the sample client Brzoza Dom; this takes some seconds …")
    outcome = make_report("brzoza-dom", out)
    code = _say_outcome(outcome, Path(out))
    if not code and not no_open:
        click.launch(str((Path(out) / outcome.id / "report.html").resolve()))
    return code


@main.command()
@click.argument("folder")
@click.option("--language", type=click.Choice(LANGUAGES), help="default: en, or the sample's")
@click.option("--from-sample", metavar="NAME", help="start from a copy of a sample client")
@click.option("--anonymise", metavar="SOURCE", help="start from a client's data without its names")
@_in_words
def new(folder: str, language: str | None, from_sample: str | None, anonymise: str | None) -> None:
    """Make a folder for a new client: profile, blank sheets, data request letter, dictionary."""
    from workbook.starter import new_client

    if anonymise and from_sample:
        raise ValueError("--anonymise and --from-sample exclude each other; choose one")
    if anonymise:
        from workbook.anonymise import anonymise_client

        anonymise_client(anonymise, folder, language=language)
        click.echo(f"{folder} is ready: names are replaced, figures and dates are as they were.")
        return
    new_client(folder, language=language, from_sample=from_sample)
    click.echo(f"{folder} is ready: read its README, send the letter, fill in the sheets.")


@main.command()
@click.argument("name")
@click.argument("folder")
@click.option("--seed", type=_Whole(), default=0, show_default=True)
@click.option("--problems", default="all", show_default=True, help="all, none, or ids: A3,A7")
@click.option("--scale", type=_Number(), default=1.0, show_default=True, help="1 is the full size")
@_in_words
def sample(name: str, folder: str, seed: int, problems: str, scale: float) -> None:
    """Generate a sample client with planted problems, and the truth beside its folder."""
    from workbook.samples import write_sample

    write_sample(name, folder, seed=seed, problems=problems, scale=scale)
    click.echo(f"{folder} and {folder.rstrip('/')}.truth.json are written.")


@main.command()
@click.argument("folder")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--suggest", is_flag=True, help="print the mapping for client.yaml")
@click.option("--out", metavar="FILE.xlsx", help="write findings, and the rows with marked cells")
@_in_words
def check(folder: str, as_json: bool, suggest: bool, out: str | None) -> int:
    """Read every table and list all findings at once."""
    from workbook.data import open_client

    if out:
        _check_out(out, "xlsx")
    client = open_client(folder)
    if as_json:
        _print_json(client.check())
    elif suggest:
        from workbook.mapping import suggest_mapping

        click.echo(suggest_mapping(client).as_yaml())
    else:
        click.echo(_in_a_table(client))
    if out:
        from workbook.marked import write_findings

        write_findings(client, out)
    return _data_code(client)


def _check_out(out: str, *forms: str) -> str:
    """Return the ending of a file to write, if it is one of these and its folder is there."""
    form = Path(out).suffix.lstrip(".").lower()
    if form not in forms:
        raise ValueError(f"--out {out!r} ends in no known format; use .{' .'.join(forms)}")
    if not Path(out).absolute().parent.is_dir():
        raise ValueError(f"there is no folder for {out!r}; make it first")
    return form


def _in_a_table(client: object) -> str:
    """Say what was recognised, and list the findings, in the client's language."""
    say, lines = speak(client.profile.language), []
    if client.is_empty:
        return _no_data(client.folder, say)
    for name, each in client.tables.items():
        rows = say.plural("{n} row", "{n} rows", each.rows)
        head = each.heading_row and say("headings in row {n}", n=say.number(each.heading_row))
        facts = ", ".join(filter(None, (each.sheet, each.encoding, head)))
        line = say("{table}: {rows} from {file}", table=name, rows=rows, file=each.file)
        lines.append(line + f" ({facts})" * bool(facts))
        lines += [f"  {told}" for told in _headings_read(name, each, say)]
    found = client.table()
    if found.empty:
        return "\n".join([*lines, say("No findings.")])
    # One finding may span lines; a table for the eye wants one line each.
    found = found.map(lambda cell: " ".join(str(cell).split()))
    widths = [max(map(len, [head, *found[head]])) for head in found]
    rows = [list(found), *found.to_numpy().tolist()]
    spaced = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, "", *spaced])


def _headings_read(table: str, reading: object, say: Language) -> list[str]:
    """Say which headings were recognised under other names than ours, and which were not."""
    from workbook.headings import renamed
    from workbook.schema import columns

    if not reading.rows:
        return []
    other = renamed(reading.columns, columns(table))
    same = len(reading.columns) - len(other)
    as_ours = say.plural("{n} column by our name", "{n} columns by our names", same)
    shown = [f"{ours} ← {theirs}" for ours, theirs in other.items()]
    told = [", ".join([*shown, as_ours] if same else shown)]
    if reading.unrecognised:
        told.append(say("not recognised: {headings}", headings=", ".join(reading.unrecognised)))
    return told


def _no_data(folder: Path, say: Language) -> str:
    return say(
        "{folder} has no data yet: put order_lines (one row per order line) or steps (one row per"
        " step of the process) there as .xlsx or .csv, or a file of the client's and name it under"
        " tables in client.yaml.",
        folder=folder,
    )


def _data_code(client: object) -> int:
    return int(any(problem.severity == "error" for problem in client.problems))


@main.command()
@click.argument("folder")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--by", multiple=True, metavar="COLUMN", help="a column, or week; may be repeated")
@_in_words
def measure(folder: str, as_json: bool, by: tuple[str, ...]) -> int:
    """Measure the seven rights of a client's order lines."""
    from workbook.data import open_client
    from workbook.rights import meant_column
    from workbook.roadmap import measure_client

    client = open_client(folder)
    lines = client.tables.get("order_lines")
    by = tuple(meant_column(name, lines.columns if lines else {}) for name in by)
    for problem in client.problems:
        if problem.severity == "error":
            click.echo(problem.sentence(speak(client.profile.language)), err=True)
    rights = measure_client(client, by)
    if rights is None:
        click.echo(f"{folder}: {_NO_LINES}.", err=True)
        return 1
    if as_json:
        _print_json({"client": client.profile.id, **rights.as_json()})
    else:
        click.echo(rights.table().to_string(index=False))
        for column in by:
            click.echo(rights.group_table(column).to_string(index=False))
    return _data_code(client)


@main.command()
@click.argument("folder")
@click.option(
    "--out", required=True, metavar="FILE", help=".svg .png .pdf .dot .json .bpmn .mmd or .xlsx"
)
@click.option("--paper", type=click.Choice(["A3", "A4"]), help="a picture to print across")
@click.option("--folded", is_flag=True, help="sub-processes as single steps")
@click.option("--part", metavar="STEP", help="the steps of this sub-process only")
@_LANGUAGE
@_in_words
def chart(
    folder: str, out: str, paper: str | None, folded: bool, part: str | None, language: str | None
) -> int:
    """Draw the process chart, each step with its verdict; .xlsx is the table to correct."""
    from workbook.chart import draw_chart, layout_chart
    from workbook.data import open_client
    from workbook.files import write_whole
    from workbook.roadmap import draw_road_map
    from workbook.starter import write_sheet

    form = _check_out(out, "svg", "png", "pdf", "dot", "json", "bpmn", "mmd", "xlsx")
    client = open_client(folder)
    road = draw_road_map(client, language)
    if road.process is None:
        for problem in client.problems:
            click.echo(problem.sentence(speak(client.profile.language)), err=True)
        click.echo(f"{folder}: {_NO_STEPS}.", err=True)
        return 1
    if form == "xlsx":
        write_sheet(out, "steps", speak(road.language), client.steps)
        click.echo(f"{out} is written.")
        return _data_code(client)
    process = road.process.part(part) if part else road.process
    process = process.collapsed() if folded else process
    verdicts = {step: v for step, v in road.verdicts.items() if step in process.steps.index}
    if form == "json":
        drawn = json.dumps(layout_chart(process, verdicts).as_json(), indent=1)
    else:
        drawn = draw_chart(process, verdicts, road.language, form, paper or "")
    write_whole(Path(out), drawn)
    click.echo(f"{out} is written.")
    return _data_code(client)


@main.command()
@click.argument("folder")
@click.option(
    "--to",
    "forms",
    required=True,
    multiple=True,
    type=click.Choice(["xlsform", "surveyjs", "limesurvey", "docx", "html"]),
    help="may be repeated",
)
@click.option("--out", required=True, metavar="DIR", help="where the files go")
@click.option("--anonymous", is_flag=True, help="ask for no order number")
@click.option("--post-to", default="", metavar="URL", help="where the page sends its answers")
@_LANGUAGE
@_in_words
def survey(
    folder: str,
    forms: tuple[str, ...],
    out: str,
    anonymous: bool,
    post_to: str,
    language: str | None,
) -> int:
    """Write the client's questionnaire and its e-mails, checked for what platforms lose."""
    from workbook.data import open_client
    from workbook.exports import export_survey
    from workbook.preflight import check_survey
    from workbook.roadmap import measure_client
    from workbook.survey import design_survey

    client = open_client(folder)
    rights = measure_client(client)
    found = rights.findings() if rights else ()
    choices = {"findings": found, "language": language, "linkable": not anonymous}
    asked, lost = design_survey(client, **choices), 0
    for form in (*forms, "email"):
        wanted = {"post_to": post_to} if form == "html" else {}
        for path in export_survey(asked, form, out, **wanted):
            problems = () if form == "email" else check_survey(path, asked, language=asked.language)
            for problem in problems:
                click.echo(problem.sentence(speak(asked.language)), err=True)
            lost += len(problems)
            click.echo(f"{path} is written.")
    return int(bool(lost))


def _parameters(pairs: tuple[str, ...]) -> dict[str, object]:
    """Read -p NAME=VALUE; values are YAML: numbers, true, words."""
    import yaml

    values = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ValueError(f"-p {pair!r} has no '='; write -p NAME=VALUE")
        values[name] = yaml.safe_load(value)
    return values


@main.command()
@click.argument("folder")
@click.option("--out", default="reports", show_default=True, metavar="DIR")
@click.option("--format", "formats", default="html", show_default=True, help=_FORMATS)
@_LANGUAGE
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="a notebook parameter")
@_in_words
def report(
    folder: str, out: str, formats: str, language: str | None, parameters: tuple[str, ...]
) -> int:
    """Make one client's report in OUT/ID/."""
    from workbook.formats import check_formats
    from workbook.report import make_report

    choices = {"language": language, "formats": check_formats(formats)}
    outcome = make_report(folder, out, parameters=_parameters(parameters), **choices)
    return _say_outcome(outcome, Path(out))


def _say_outcome(outcome: object, out: Path) -> int:
    for error in outcome.errors:
        click.echo(error, err=True)
    if outcome.status != "ok":
        where = f" in cell {outcome.cell}" if outcome.cell else ""
        click.echo(f"{outcome.id}: {outcome.status}{where}: {outcome.reason}", err=True)
        return 1
    click.echo(f"{out / outcome.id / 'report.html'} is ready ({outcome.seconds:.1f} s).")
    if not outcome.summary["measures"]["measures"]:
        click.echo(f"{outcome.id}: {_NO_LINES}.", err=True)
    return int(bool(outcome.errors))


@main.command()
@click.argument("targets", nargs=-1, required=True, metavar="FOLDER_OR_LIST...")
@click.option("--out", default="reports", show_default=True, metavar="DIR")
@click.option("--format", "formats", default="html", show_default=True, help=_FORMATS)
@click.option("--jobs", type=_Whole(1), help="reports at once; default: one per processor")
@click.option("--time-limit", type=_Number(1), default=600.0, show_default=True)
@click.option("--memory-limit", type=_Whole(64), default=4096, show_default=True, metavar="MB")
@click.option("--scheduler", metavar="ADDRESS", help="of a Dask cluster that is to do the work")
@click.option("--force", is_flag=True, help="run also what has not changed")
@_LANGUAGE
@click.option(
    "--index-language",
    type=click.Choice(LANGUAGES),
    help="of the index; default: the reports' if they share one, else English",
)
@_in_words
def batch(
    targets: tuple[str, ...],
    out: str,
    formats: str,
    jobs: int | None,
    time_limit: float,
    memory_limit: int,
    scheduler: str | None,
    force: bool,
    language: str | None,
    index_language: str | None,
) -> int:
    """Make many clients' reports and an index of them; only what has changed is run again."""
    from workbook.batch import read_jobs, run_batch
    from workbook.formats import check_formats

    made = check_formats(formats)
    wanted = read_jobs(targets)
    runner = None
    if scheduler:
        from workbook.cluster import run_on

        runner = run_on(scheduler)
    many = f"{len(wanted)} clients" if len(wanted) > 1 else "1 client"
    click.echo(f"{many} into {out}/; each takes some seconds …")
    outcomes = run_batch(
        wanted,
        out,
        at_once=jobs,
        time_limit=time_limit,
        memory_limit=memory_limit,
        language=language,
        formats=made,
        index_language=index_language,
        force=force,
        runner=runner,
        progress=click.echo,
    )
    for outcome in outcomes:
        for error in outcome.errors:
            click.echo(f"{outcome.id}: {error}", err=True)
    click.echo(f"Open {Path(out) / 'index.html'} to read them.")
    return int(any(outcome.status != "ok" or outcome.errors for outcome in outcomes))


@main.command()
@click.argument("folder")
@click.option("--port", type=_Whole(1, 65535), help="default: 8866, or the next free one")
@click.option("--no-open", is_flag=True, help="only say where it is")
@_LANGUAGE
@_in_words
def workshop(folder: str, port: int | None, no_open: bool, language: str | None) -> None:
    """Hold a workshop in the browser: chart, contract, actions, minutes; no code."""
    from workbook.profile import read_profile
    from workbook.room import serve_room, working_copy

    place = working_copy(folder)
    serve_room(place, language or read_profile(place).language, port, not no_open)


@main.command()
@click.argument("folder", metavar="DIR")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--seed", type=_Whole(0), default=0, help="0: the book's numbers")
@click.option("--instructor", is_flag=True, help="with solutions, timing and wrong answers")
@click.option("--students", metavar="FILE", help="a name per line: a folder and numbers for each")
@_in_words
def exercises(
    folder: str, language: str, seed: int, instructor: bool, students: str | None
) -> None:
    """Write the students' edition of the chapters, or the instructor's."""
    from workbook.editions import write_editions

    names = Path(students).read_text(encoding="utf-8").split("\n") if students else []
    names = [name.strip() for name in names if name.strip()]
    choices = {"language": language, "seed": seed, "instructor": instructor}
    written = write_editions(folder, **choices, students=names)
    click.echo(f"{len(written.files)} notebooks are written to {folder}.")
    for chapter, (missing, total) in written.missing.items():
        click.echo(f"{chapter}: {missing} of {total} paragraphs are still in English.")


@main.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...")
@click.option("--out", default="grades", show_default=True, metavar="DIR")
@click.option("--seed", type=_Whole(0), help="the course's; default: as handed in")
@click.option("--truth", metavar="FILE", help="grade findings.json against this truth.json")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--jobs", type=_Whole(1), help="at once; default: one per processor")
@click.option("--time-limit", type=_Number(1), default=60.0, show_default=True)
@click.option("--memory-limit", type=_Whole(256), default=2048, metavar="MB")
@_in_words
def grade(
    folders: tuple[str, ...],
    out: str,
    seed: int | None,
    truth: str | None,
    language: str,
    jobs: int | None,
    time_limit: float,
    memory_limit: int,
) -> int:
    """Grade hand-ins (notebooks, or findings.json with --truth): none is lost."""
    if truth:
        from workbook.capstone import grade_capstones

        return _say_grades(grade_capstones(folders, truth, language=language), Path(out))
    from workbook.grading import grade_hand_ins

    limits = {"at_once": jobs, "time_limit": time_limit, "memory_limit": memory_limit}
    graded = grade_hand_ins(folders, seed=seed, language=language, progress=click.echo, **limits)
    return _say_grades(graded, Path(out))


def _say_grades(graded: object, out: Path) -> int:
    """Print the table, write the files, and name every hand-in with something to be looked at."""
    click.echo(graded.table().to_string(index=False))
    for path in graded.write(out):
        click.echo(f"{path} is written.")
    for file, note in graded.notes:
        click.echo(f"{file}: {note}", err=True)
    return int(bool(graded.notes))


def _print_json(data: object) -> None:
    # ASCII, so that a console of any encoding carries it unharmed.
    click.echo(json.dumps(data, indent=1))
