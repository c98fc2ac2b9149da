"""What is typed behind an option, within what a database can be asked."""

from digest.cli.output import usage

#: What a column of 64 bits holds; no database can be asked for more.
GREATEST = 2**63 - 1
#: What a column of 32 bits holds: every id, on PostgreSQL.
GREATEST_ID = 2**31 - 1


def legible(text: str) -> str:
    """Return *text*; ends the command where it holds bytes that are no UTF-8, which no database can look for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        usage(f"{text!r} is not written in UTF-8; type it anew, or set the terminal to UTF-8")
    return text
