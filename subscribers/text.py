"""Text from strangers, made fit to be kept and shown."""

import re
import unicodedata

# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), behind any apostrophes that guard it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def one_line(text: str) -> str:
    """Return *text* on one line, without control characters, lone surrogates and needless blanks."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    return " ".join(text.split())


def guarded(cell: str) -> str:
    """Return *cell* as it may stand in a CSV file: behind an apostrophe where a spreadsheet would run it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return what *cell* was before ``guarded``."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
