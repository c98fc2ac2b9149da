"""The gate before the feed parser: what XML may come in, mended where publishers commonly break it."""

import html
import re
from xml.parsers import expat

from digest.errors import UnreadableInput

DEEPEST = 256
MOST_ATTRIBUTES = 200
#: About ten thousand items; the feed parser needs some seconds for so many.
MOST_ELEMENTS = 250_000
#: What a document may hold that has to be mended: tags of both kinds, and ampersands.
MOST_MARKS = 2 * MOST_ELEMENTS

PROLOG = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+", re.DOTALL | re.IGNORECASE)
ENTITY_DECLARATION = re.compile(r"<!ENTITY\b", re.IGNORECASE)
ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
FEED = re.compile(r"<(?:rss|feed|rdf:RDF|channel|[\w.-]+:(?:rss|feed|RDF))[\s>]")
# An ampersand that begins no reference that XML itself knows.
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
# Outside of the characters of XML 1.0 §2.2.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORBIDDEN_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")
OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
MARK_START = re.compile(r"<[A-Za-z/!?]")
#: No tag of a feed is longer outside of CDATA, even one that holds a small picture.
LONGEST_TAG = 20_000
LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{LONGEST_TAG}}}")


def let_in(text: str, *, name: str) -> str:
    """
    Return the XML document *text* from its root element on, mended where it had to be, safe to parse.

    Without a prolog nothing can be declared in it. Raises UnreadableInput when it declares entities, nests deeper
    than 256 elements, has a tag with over 200 attributes, or more than 250,000 elements.
    """
    start = _root(text)
    if ENTITY_DECLARATION.search(text, 0, start):
        raise UnreadableInput(f"{name} declares entities of its own; feeds that do are not read.")
    document = text[start:]
    if _is_well_formed(document, name):
        return document
    if document.count("&") > MOST_MARKS:
        raise UnreadableInput(f"{name} is not well-formed and has more than {MOST_MARKS:,} ampersands.")
    mended = _mended(document)
    if not _is_well_formed(mended, name):
        _refuse_monsters(mended, name)
    return mended


def root_name(text: str) -> str:
    """Return the local name of the root element of *text* in lower case; empty when there is none."""
    found = ROOT.match(text, _root(text))
    return found[1].lower() if found else ""


def _root(text: str) -> int:
    """Return where the root element begins; a feed behind stray output of a broken site counts."""
    prolog = PROLOG.match(text)
    start = prolog.end() if prolog else 0
    if not ROOT.match(text, start) and (stray := FEED.search(text, start, start + 65_536)):
        return stray.start()
    return start


def _is_well_formed(document: str, name: str) -> bool:
    """Run *document* through expat, which keeps nothing; UnreadableInput when it goes beyond the limits."""
    parser = expat.ParserCreate("utf-8")
    depth = elements = 0

    def opened(_: str, attributes: list[str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > DEEPEST:
            raise UnreadableInput(f"{name} nests more than {DEEPEST} elements.")
        if len(attributes) > 2 * MOST_ATTRIBUTES:
            raise UnreadableInput(f"{name} has a tag with more than {MOST_ATTRIBUTES} attributes.")
        if elements > MOST_ELEMENTS:
            raise UnreadableInput(f"{name} has more than {MOST_ELEMENTS:,} elements.")

    def closed(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    try:
        parser.Parse(document.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError:
        return False
    return True


def _mended(document: str) -> str:
    """Return *document* without forbidden characters, bare ampersands and names of HTML; CDATA keeps its ampersands."""
    pieces = CDATA.split(FORBIDDEN.sub("", document))
    pieces[::2] = [BARE_AMPERSAND.sub("&amp;", NAMED.sub(_named, FORBIDDEN_REFERENCE.sub("", p))) for p in pieces[::2]]
    return "".join(pieces)


def _named(found: re.Match[str]) -> str:
    """Return the character that a named reference of HTML stands for; an unknown one stays."""
    return found[0] if found[1] in OWN else html.unescape(found[0])


def _refuse_monsters(document: str, name: str) -> None:
    """Hold what expat gives up on to the same limits, by what can be counted without parsing."""
    outside = "".join(CDATA.split(document)[::2])
    if ENTITY_DECLARATION.search(outside):
        raise UnreadableInput(f"{name} declares entities of its own; feeds that do are not read.")
    if LONG_TAG.search(outside):
        raise UnreadableInput(f"{name} has a tag of more than {LONGEST_TAG:,} characters.")
    if sum(1 for _ in MARK_START.finditer(outside)) > MOST_MARKS:
        raise UnreadableInput(f"{name} has more than {MOST_MARKS:,} tags.")
