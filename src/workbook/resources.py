"""Find the files that travel with the package: templates/, data/, notebooks/ and the catalogues."""

from pathlib import Path

__all__ = ["data_path", "locale_path", "notebook_path", "template_path"]

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def _find(installed: str, in_checkout: str) -> Path:
    here = _PACKAGE / installed
    return here if here.is_dir() else _CHECKOUT / in_checkout


def data_path(*parts: str) -> Path:
    """Return a path inside data/: the dictionary and the shipped sample clients.

    Examples
    --------
    >>> data_path("dictionary", "steps.csv").name
    'steps.csv'
    """
    return _find("data_files", "data").joinpath(*parts)


def template_path(*parts: str) -> Path:
    """Return a path inside templates/: what a client fills in or receives.

    Examples
    --------
    >>> template_path("report.ipynb").name
    'report.ipynb'
    """
    return _find("templates", "templates").joinpath(*parts)


def locale_path(language: str) -> Path:
    """Return the path of a language's message catalogue.

    Examples
    --------
    >>> locale_path("pl").name
    'pl.po'
    """
    return _PACKAGE / "locale" / f"{language}.po"


def notebook_path(*parts: str) -> Path:
    """Return a path inside notebooks/: the chapters.

    Examples
    --------
    >>> notebook_path("01_process_chart.ipynb").name
    '01_process_chart.ipynb'
    """
    return _find("notebooks", "notebooks").joinpath(*parts)
