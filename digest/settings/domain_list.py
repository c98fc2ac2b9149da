"""A list of mail domains in a file, one on each line, as such lists are passed round."""

from pathlib import Path

from subscribers import address
from subscribers.errors import BadAddress


def read(path: Path) -> frozenset[str]:
    """
    Return the domains in the file at *path* in lower case and ASCII, as those of addresses are compared.

    Letters of every script may stand there, and before a domain what others write for "and all below it": "*.", "."
    or "@". What follows a # is a comment. ValueError names a line that holds no domain.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    told = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    return frozenset(_domain(text, number) for number, text in told if text)


def _domain(text: str, number: int) -> str:
    try:
        return address.parse(f"a@{text.removeprefix('*').lstrip('.@')}", allow_special=True).domain
    except BadAddress:
        raise ValueError(f"has no domain in line {number}; give one such as throwaway.example, or a # first") from None
