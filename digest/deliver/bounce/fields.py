"""Blocks of header-like fields: delivery-status (RFC 3464), feedback-report (RFC 5965), returned headers."""

from collections.abc import Iterator, Mapping

#: More blocks than that are no report about our mail, which has one recipient.
MOST_BLOCKS = 200
MOST_FIELDS = 100
LONGEST_VALUE = 2000

Fields = Mapping[str, str]


def blocks(text: str) -> list[Fields]:
    """Return the blocks of *text*, which blank lines part, as fields by lower-case name; a repeated one is joined."""
    found: list[Fields] = []
    block: dict[str, str] = {}
    for name, value in _lines(text):
        if not name:
            if block:
                found.append(block)
                block = {}
            if len(found) >= MOST_BLOCKS:
                break
        elif len(block) < MOST_FIELDS:
            block[name] = (f"{block[name]} {value}" if name in block else value)[:LONGEST_VALUE]
    if block:
        found.append(block)
    return found


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each unfolded field, and two empty texts for a blank line."""
    name, value = "", ""
    for line in text.splitlines():
        if line[:1] in {" ", "\t"} and line.strip():
            value = f"{value} {line.strip()}" if len(value) < LONGEST_VALUE else value
            continue
        if name:
            yield name, value.strip()
        head, colon, rest = line.partition(":")
        name, value = (head.strip().lower(), rest) if colon and " " not in head.strip() else ("", "")
        if not line.strip():
            yield "", ""
    if name:
        yield name, value.strip()


def typed(value: str) -> str:
    """Return what stands behind the type of a field such as ``rfc822;ana@reader.example``, without brackets."""
    return value.rpartition(";")[2].strip().strip("<>").strip() if ";" in value else value.strip().strip("<>").strip()
