"""The gate before the feed readers: what XML may come in, mended where publishers commonly break it."""

import re
from html.entities import html5

from lxml import etree

from digest.errors import UnreadableInput
from digest.gather.feeds.names import ADDRESSES

Element = etree._Element  # noqa: SLF001 - lxml gives the type of its elements no public name

#: More than thirty thousand items of a usual feed; the tree of so many stays below 100 MB.
MOST_ELEMENTS = 400_000
#: Beyond so many signs of attributes it is looked at whether one tag has them all.
MANY_ATTRIBUTES = 50_000
#: No tag of a feed is longer outside of CDATA, even one that holds a small picture.
LONGEST_TAG = 20_000
#: What a document may hold that has to be mended.
MOST_AMPERSANDS, MOST_BRACKETS = 500_000, 1_000_000
#: What a document may hold that cannot be mended, for the reader of such documents is slow.
LONGEST_LOOSE, MOST_LOOSE_TAGS = 1_000_000, 10_000
MOST_PREFIXES = 50

PROLOG = re.compile(rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+", re.DOTALL | re.IGNORECASE)
# With its end, or up to that of the document.
CDATA = re.compile(rb"(<!\[CDATA\[(?:[^>]++|(?<!\]\])>++)*+>?)")
CDATA_IN_TEXT = re.compile(CDATA.pattern.decode())
ENTITY_DECLARATION = re.compile(rb"<!ENTITY\b", re.IGNORECASE)
ROOT = re.compile(rb"<((?:[\w.-]+:)?([\w.-]+))")
ROOT_IN_TEXT = re.compile(ROOT.pattern.decode())
FEED = re.compile(rb"<(?:rss|feed|rdf:RDF|channel|[\w.-]+:(?:rss|feed|RDF))[\s>]")
# An ampersand that begins no reference that XML itself knows.
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
# Outside of the characters of XML 1.0 §2.2.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]++")
FORBIDDEN_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")
OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
TAG_START = re.compile(rb"<[A-Za-z/!?]")
LONG_TAG = re.compile(rb"<[A-Za-z][^<>]{%d}" % LONGEST_TAG)
PREFIX = re.compile(r"(?:<|\s)([A-Za-z_][\w.-]{0,40}):[A-Za-z_][\w.-]*+[\s=/>]")
DECLARED = re.compile(r"\bxmlns:([\w.-]+)")


def let_in(text: bytes, *, name: str) -> Element | str:
    """
    Return the root of the XML document *text*, in UTF-8, mended where it had to be; its text if it cannot be mended.

    Without a prolog nothing can be declared in it. Raises UnreadableInput when it declares entities, nests deeper
    than 256 elements, has a tag of over 20,000 characters or more than 400,000 elements; or when it would have to be
    read as ill-formed text and is too long for that.
    """
    start = _root(text)
    if ENTITY_DECLARATION.search(text, 0, start):
        raise UnreadableInput(f"{name} declares entities of its own; feeds that do are not read.")
    document = text[start:]
    _refuse_monsters(document, name)
    root = _parsed(document, name)
    if root is not None:
        return root
    if document.count(b"&") > MOST_AMPERSANDS:
        raise UnreadableInput(f"{name} is not well-formed and has more than {MOST_AMPERSANDS:,} ampersands.")
    if document.count(b"<") > MOST_BRACKETS:
        raise UnreadableInput(f"{name} is not well-formed and has more than {MOST_BRACKETS:,} opening brackets.")
    mended = _mended(document.decode("utf-8", "replace"))
    document = mended.encode("utf-8")
    root = _parsed(document, name)
    if root is None:
        _refuse_drudgery(document, name)
    return mended if root is None else root


def root_name(text: bytes) -> str:
    """Return the local name of the root element of *text*, in UTF-8, in lower case; empty when there is none."""
    found = ROOT.match(text, _root(text))
    return found[2].decode("ascii").lower() if found else ""


def _root(text: bytes) -> int:
    """Return where the root element begins; a feed behind stray output of a broken site counts."""
    prolog = PROLOG.match(text)
    start = prolog.end() if prolog else 0
    if not ROOT.match(text, start) and (stray := FEED.search(text, start, start + 65_536)):
        return stray.start()
    return start


def _parsed(document: bytes, name: str) -> Element | None:
    """Return the root of *document*, None when it is not well-formed; UnreadableInput when it nests too deep."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as fault:
        # libxml2 holds documents to limits of its own unless it is told not to.
        if "depth" in fault.msg:
            raise UnreadableInput(f"{name} nests more than 256 elements.") from None
        return None


def _refuse_monsters(document: bytes, name: str) -> None:
    """Refuse what would cost too much memory; only where that is possible it is looked at closely."""
    # The shortest element takes four characters, the shortest attribute five.
    many_tags = len(document) > 4 * MOST_ELEMENTS and _tags(document) > MOST_ELEMENTS
    many_attributes = len(document) > 5 * MANY_ATTRIBUTES and document.count(b"=") > MANY_ATTRIBUTES
    if not many_tags and not many_attributes:
        return
    outside = CDATA.sub(b"", document)
    if _tags(outside) > MOST_ELEMENTS:
        raise UnreadableInput(f"{name} has more than {MOST_ELEMENTS:,} elements.")
    if LONG_TAG.search(outside):
        raise UnreadableInput(f"{name} has a tag of more than {LONGEST_TAG:,} characters.")


def _tags(document: bytes) -> int:
    """Return how many elements *document* ends at most."""
    return document.count(b"</") + document.count(b"/>")


def _refuse_drudgery(document: bytes, name: str) -> None:
    """Refuse what is ill-formed and would take long to read."""
    outside = CDATA.sub(b"", document)
    if ENTITY_DECLARATION.search(outside):
        raise UnreadableInput(f"{name} declares entities of its own; feeds that do are not read.")
    if LONG_TAG.search(outside):
        raise UnreadableInput(f"{name} is not well-formed and has a tag of more than {LONGEST_TAG:,} characters.")
    if sum(1 for _ in TAG_START.finditer(outside)) > MOST_LOOSE_TAGS:
        raise UnreadableInput(f"{name} is not well-formed and has more than {MOST_LOOSE_TAGS:,} tags.")
    if len(document) > LONGEST_LOOSE:
        raise UnreadableInput(f"{name} is not well-formed and has more than {LONGEST_LOOSE:,} bytes.")


def _mended(document: str) -> str:
    """
    Return *document* without what most often breaks XML, and without changing what does not.

    Gone are forbidden characters, bare ampersands, names of characters that only HTML knows and what follows the
    root; added are the declarations of prefixes. CDATA keeps its ampersands.
    """
    pieces = CDATA_IN_TEXT.split(FORBIDDEN.sub("", document))
    # The sections stand at the odd places.
    outside = [_with_references(piece) if "&" in piece else piece for piece in pieces[::2]]
    pieces[::2] = outside
    return _ended(_declared("".join(pieces), " ".join(outside)))


def _with_references(text: str) -> str:
    """Return *text* with no ampersand but those that begin a reference that XML itself knows, to a character it has."""
    return BARE_AMPERSAND.sub("&amp;", NAMED.sub(_named, FORBIDDEN_REFERENCE.sub("", text)))


def _named(found: re.Match[str]) -> str:
    """Return the character that a named reference of HTML stands for; an unknown one stays."""
    return found[0] if found[1] in OWN else html5.get(f"{found[1]};", found[0])


def _declared(document: str, outside: str) -> str:
    """Return *document* with a declaration of each prefix that its tags, in *outside*, use without one."""
    root = ROOT_IN_TEXT.match(document)
    used = set(PREFIX.findall(outside)).difference(DECLARED.findall(document), ("xml", "xmlns"))
    if root is None or not used or len(used) > MOST_PREFIXES:
        return document
    added = "".join(f' xmlns:{prefix}="{ADDRESSES.get(prefix, "urn:undeclared")}"' for prefix in sorted(used))
    return document[: root.end()] + added + document[root.end() :]


def _ended(document: str) -> str:
    """Return *document* up to the end of its root: what broken sites append is no part of it."""
    root = ROOT_IN_TEXT.match(document)
    end = document.rfind(f"</{root[1]}") if root else -1
    close = document.find(">", end)
    return document[: close + 1] if -1 < end < close else document
