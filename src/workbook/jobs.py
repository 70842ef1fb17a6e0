"""Read which clients a batch is for: folders, and lists of clients with what is special of each."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.data import find_client
from workbook.intake import read_text
from workbook.language import LANGUAGES, speak
from workbook.profile import Profile, read_profile
from workbook.schema import DataError, Problem
from workbook.yamltext import read_yaml

__all__ = ["Job", "read_jobs"]

_LIST_ENDINGS = (".csv", ".yaml", ".yml")
_COLUMNS = "a list has the columns id, folder (default: the id) and any key of client.yaml"


@dataclass(frozen=True)
class Job:
    """One client of a batch: its folder, the keys that win over its client.yaml, its language."""

    id: str
    folder: Path
    overrides: Mapping[str, object]
    language: str = "en"


def read_jobs(targets: Iterable[str | Path]) -> list[Job]:
    """Turn folders and client lists into jobs.

    A client list (CSV or YAML) has `id`, optionally `folder` (default: the id, beside the list),
    name, language and any other key of client.yaml.

    Raises
    ------
    ValueError
        If a folder or list is not there or lies outside the list's own folder, an id is missing or
        given twice (capitals and accents aside), or a profile is wrong: nothing has
        started then.
    """
    jobs = [job for target in targets for job in _jobs_of(Path(target))]
    seen: dict[str, Job] = {}
    for job in jobs:
        # Ids name folders, and not every disk tells "Acme" from "acme".
        letters = unicodedata.normalize("NFKD", job.id.casefold())
        same = seen.setdefault(re.sub(r"[^\w-]", "", letters), job)
        if same is not job:
            raise ValueError(
                f"two clients have the id {job.id!r}: {same.folder} and {job.folder}; change one"
            )
    if not jobs:
        raise ValueError("there is no client to report on; name folders or a client list")
    return jobs


def _jobs_of(target: Path) -> Iterator[Job]:
    if target.suffix.lower() in _LIST_ENDINGS:
        if not target.is_file():
            raise ValueError(f"there is no client list {str(target)!r}; check its name")
        for place, row in enumerate(_rows_of(target), start=1):
            if not row.get("id"):
                raise ValueError(f"{target.name}, client {place}: no id; {_COLUMNS}")
            folder = _folder_of(row, target, place)
            profile = _profile_of(folder, row, f"{target.name}, client {place}")
            yield Job(profile.id, folder, row, profile.language)
    elif not target.name.endswith(".truth.json"):  # lies beside a sample; `clients/*` names it too
        folder = find_client(target)
        profile = read_profile(folder)
        yield Job(profile.id, folder, {}, profile.language)


def _profile_of(folder: Path, row: Mapping[str, object], where: str) -> Profile:
    """Read the client's profile; a fault of what the list overrides is told of the list."""
    try:
        return read_profile(folder, row)
    except DataError as error:
        ours = lambda fault: (fault.column or "").split(".")[0] in row
        here = lambda fault: replace(fault, file=where, row=None) if ours(fault) else fault
        language = str(row.get("language"))
        say = speak(language if language in LANGUAGES else "en")
        raise DataError(map(here, error.problems), say) from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}; {_COLUMNS}") from None


def _folder_of(row: dict[str, object], target: Path, place: int) -> Path:
    """Return the client's folder, which a list may only name beside or below itself."""
    name = row.pop("folder", None) or row["id"]
    home = target.parent.resolve()
    wrong = not isinstance(name, str) or "://" in name or "\\" in name
    if wrong or not (home / name).resolve().is_relative_to(home):
        raise ValueError(
            f"{target.name}, client {place}: the folder {name!r} is not beside the list; "
            "write a folder's name, or one below it such as shops/acme"
        )
    return target.parent / name


def _rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix.lower() == ".csv":
        read = read_text(path, known=("id", "folder", "name", "language"), say=speak("en"))
        rows, faults = read.frame.to_dict("records"), read.problems
        return _sound([{key: text for key, text in row.items() if text} for row in rows], faults)
    read = read_yaml(path, speak("en"))
    if not isinstance(read.data, list) or not all(isinstance(row, dict) for row in read.data):
        raise ValueError(f"{path.name} is no list of clients; write '- id: acme' for each of them")
    return _sound(read.data, read.problems)


def _sound(rows: list[dict[str, object]], faults: Sequence[Problem]) -> list[dict[str, object]]:
    """Return the rows; a list with any fault is refused whole, before anything starts."""
    if faults:
        raise DataError(faults)
    return rows
