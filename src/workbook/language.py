"""Say words, numbers and dates in the client's language: gettext catalogues and Babel's rules.

English source strings are the message ids; `locale/<language>.po` holds the translations. Values
go in by name, so that a translator can change their order, and numbers are formatted before.
"""

import datetime as dt
import gettext
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from babel import Locale
from babel import dates as babel_dates
from babel import numbers as babel_numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from workbook.resources import locale_path

__all__ = ["LANGUAGES", "Language", "speak"]

LANGUAGES = ("en", "fr", "pl", "ru")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    path = locale_path(language)
    if language == "en" or not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True)
class Language:
    """One language's voice: call it with a message and its values.

    A number that can't be had (None or NaN) is shown as a dash, never as zero.

    Examples
    --------
    >>> say = speak("en")
    >>> say("{name}: {n} orders", name="Brzoza Dom", n=say.number(2400))
    'Brzoza Dom: 2,400 orders'
    >>> say.percent(0.8851)
    '88.5%'
    >>> say.plural("{n} order", "{n} orders", 1)
    '1 order'
    """

    code: str
    locale: Locale = field(compare=False)

    def __call__(self, message: str, **values: object) -> str:
        text = _catalogue(self.code).gettext(message) if message else ""
        return text.format(**values) if values else text

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """Choose the plural form that the language wants for n; `{n}` is n, formatted."""
        text = _catalogue(self.code).ngettext(one, many, n)
        return text.format(**{"n": self.number(n), **values})

    def number(self, value: float | None, digits: int = 0) -> str:
        """Format a number with so many decimals, in the language's own marks."""
        if value is None or value != value:
            return "–"
        value = value if round(value, digits) else 0  # never "-0.0"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return _with_minus(babel_numbers.format_decimal(value, format=pattern, locale=self.locale))

    def percent(self, share: float | None, digits: int = 1) -> str:
        """Format a share of 0 to 1 as a percentage."""
        if share is None or share != share:
            return "–"
        sign = self.locale.percent_formats[None].pattern.removeprefix("#,##0")
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + sign
        return _with_minus(babel_numbers.format_percent(share, format=pattern, locale=self.locale))

    def money(self, amount: float | None, currency: str) -> str:
        """Format an amount of money."""
        if amount is None or amount != amount:
            return "–"
        written = babel_numbers.format_currency(amount, currency, locale=self.locale)
        return _with_minus(re.sub(r"([A-Z])(?=\d)", "\\1\N{NO-BREAK SPACE}", written))  # PLN 6.37

    def date(self, day: dt.date, form: str = "long") -> str:
        """Format a day; form is Babel's short, medium, long or a pattern."""
        written = babel_dates.format_date(day, format=form, locale=self.locale)
        # The French write the first of a month as an ordinal, which Babel does not know.
        first = self.code == "fr" and form == "long" and day.day == 1
        return f"1er{written[1:]}" if first else written

    def minutes(self, minutes: float | None) -> str:
        """Format a duration in the unit a reader would choose: minutes, hours or days."""
        if minutes is None or minutes != minutes:
            return "–"
        say = self
        if minutes < 90:
            return say("{n} min", n=say.number(minutes, 0 if minutes == int(minutes) else 1))
        if minutes < 48 * 60:
            return say("{n} h", n=say.number(minutes / 60, 1))
        return say("{n} days", n=say.number(minutes / 1440, 1))

    def points(self, difference: float) -> str:
        """Format a difference of two shares, in percentage points, without the unit."""
        return self.number(difference * 100, 1)

    def series(self, items: Iterable[str]) -> str:
        """Join what may have commas of its own: a; b; c, in French with a space before the mark."""
        return ("\N{NO-BREAK SPACE}; " if self.code == "fr" else "; ").join(items)

    def listing(self, items: list[str], style: str = "standard") -> str:
        """Join items as a sentence does: a, b and c."""
        from babel.lists import format_list

        return format_list(items, style=style, locale=self.locale)


def _with_minus(number: str) -> str:
    """Write a minus sign, which no reader takes for the dash of a range."""
    return number.replace("-", "−")


@cache
def speak(language: str) -> Language:
    """Return the voice of a language: en, fr, pl or ru.

    Raises
    ------
    ValueError
        If the language is none of these four.

    Examples
    --------
    >>> speak("pl").percent(0.8851)
    '88,5%'
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not known; write one of en, fr, pl, ru")
    # British conventions: the clients are in Europe (22 November 2026, not November 22).
    return Language(language, Locale.parse("en_GB" if language == "en" else language))
