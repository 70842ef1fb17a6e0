"""Say what a test needs that pip alone doesn't bring everywhere; a run names what it skipped."""

import pytest

from workbook.sheet import Sheet


def _graphviz_runs() -> bool:
    try:
        return bool(Sheet(10, 10).render("png"))
    except ValueError:
        return False


graphviz = pytest.mark.skipif(
    not _graphviz_runs(),
    reason="no Graphviz runs here (its wheel lacks system libraries, no dot): no .png, no .pdf",
)
