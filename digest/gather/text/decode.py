"""From bytes to text, when labels lie."""

import codecs
import re

WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BROKEN = "\ufffd"
LABEL_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE | re.ASCII)
LABEL_IN_BODY = re.compile(rb"(?:encoding|charset)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Codecs that stand for a charset of texts; Python also has codecs that run code-like escapes or take quadratic time.
CHARSET = re.compile(r"utf-(?:8|16|32)|iso|cp\d|koi8|big5|gb|euc|shift|johab|tis|hz|mac|ascii|ptcp|kz")
# Written in seven bits, so that their bytes are always valid UTF-8 too.
SEVEN_BIT = re.compile(r"iso2022|hz")
# What these labels mean on the web: WHATWG Encoding Standard §4.2.
MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}


def decode(body: bytes, content_type: str = "") -> str:
    """
    Return *body* as text: by its byte order mark, as UTF-8, by the label of the header or in it, else as cp1252.

    Valid UTF-8 beats any label but those of seven-bit charsets, and a label that does not fit is none: of UTF-8 and
    the label the first counts that breaks no more characters than it reads. What does not decode becomes U+FFFD; never
    raises.
    """
    if wide := _wide(body):
        return body.decode(wide, "replace").removeprefix("\ufeff")
    bare = body.removeprefix(codecs.BOM_UTF8)
    for charset in _candidates(body, content_type):
        text = bare.decode(charset, "replace")
        broken = text.count(BROKEN)
        if not broken or 2 * broken <= len(text) - len(text.encode("ascii", "ignore")):
            return text
    return bare.decode("cp1252", "replace")


def as_utf8(body: bytes, content_type: str = "") -> bytes:
    """Return the text that ``decode`` finds in *body* as UTF-8; *body* itself, without its mark, where it is that."""
    if not _wide(body) and _candidates(body, content_type)[0] == "utf-8":
        bare = body.removeprefix(codecs.BOM_UTF8)
        try:
            bare.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return bare
    return decode(body, content_type).encode("utf-8")


def _candidates(body: bytes, content_type: str) -> tuple[str, ...]:
    """Return the charsets in which *body* may be written, which has no wide characters, the likeliest first."""
    if body.startswith(codecs.BOM_UTF8):
        return ("utf-8",)
    label = _charset(body, content_type)
    if label is None:
        return ("utf-8",)
    return (label, "utf-8") if SEVEN_BIT.match(label) else ("utf-8", label)


def _wide(body: bytes) -> str | None:
    """Return the charset of *body* if its characters take two bytes or four, by its mark or its ASCII start."""
    for mark, charset in WIDE_MARKS:
        if body.startswith(mark):
            return charset
    start = body[:4]
    if b"\0" not in start:
        return None
    if start[1:2] == b"\0":
        return "utf-32-le" if start[1:4] == b"\0\0\0" else "utf-16-le"
    return {b"\0\0\0": "utf-32-be"}.get(start[:3], "utf-16-be" if start[:1] == b"\0" else None)


def _charset(body: bytes, content_type: str) -> str | None:
    in_header = LABEL_IN_HEADER.search(content_type)
    in_body = LABEL_IN_BODY.search(body[:2048])
    labels = (in_header[1] if in_header else "", in_body[1].decode("ascii") if in_body else "")
    return next((charset for label in labels if (charset := _known(label))), None)


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    # A text that has no NUL in it is in no wide charset, whatever it says.
    if not CHARSET.match(name) or name.startswith(("utf-16", "utf-32")):
        return None
    return MEANT.get(name, name)
