"""Tag lists, as DKIM and DMARC records hold them: RFC 6376 §3.2."""


def tags(text: str) -> dict[str, str]:
    """Return the tags of *text* by name, values without blanks around them; of a name that comes twice the first."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip(), value.strip())
    return found
