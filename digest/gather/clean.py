"""Plain text from whatever publishers send: no markup, no control characters, one kind of space."""

import html
import re
import unicodedata
from collections.abc import Iterator

# Where one block of text ends and the next begins; everything else is inline and leaves no trace.
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul",
})  # fmt: skip
UNSEEN = frozenset({
    "audio", "button", "canvas", "iframe", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title", "video",
})  # fmt: skip

# A scanner, not a tree: time stays linear in the length whatever the nesting, where tree builders take minutes for
# a megabyte of open tags. Possessive, and never across a further "<", for the same reason.
MARK = re.compile(
    r"""
    <!--.*?(?:-->|\Z)
    | <(?P<close>/?)(?P<name>[a-z][a-z0-9:-]*+)(?P<rest>(?>[^<>"']|"[^"]*"|'[^']*')*+)>
    | <[!?/][^<>]*+>
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""\b(src|width|height)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
# Characters that no reader sees and that can turn a line round or hide words: zero-width space, bidirectional
# overrides (UAX #9), byte order mark, soft hyphen, interlinear marks. The joiners stay: emoji and Indic need them.
INVISIBLE = "\u00ad\u200b\u200e\u200f\u2060\ufeff\ufff9\ufffa\ufffb" + "".join(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
# Controls become spaces, so that words beside them stay apart; lone surrogates and non-characters cannot be stored.
UNWANTED = {
    **{ord(sign): None for sign in INVISIBLE},
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys(range(0xD800, 0xE000)),
    **dict.fromkeys((*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF)),
}


def plain(text: str) -> str:
    """Return *text* on one line: composed (NFC), without controls or lone surrogates, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFC", text.translate(UNWANTED)).split())


def blocks(markup: str) -> tuple[str, ...]:
    """Return the blocks of text of the HTML *markup*, each as ``plain`` gives it; scripts and forms leave nothing."""
    pieces: list[str] = []
    for text, mark in _scan(markup):
        pieces.append(text)
        if mark is not None and (mark["name"] or "").lower() in BLOCKS:
            pieces.append("\0")
    found = (plain(html.unescape(block)) for block in "".join(pieces).split("\0"))
    return tuple(block for block in found if block)


def text_of(markup: str) -> str:
    """Return the text of the HTML *markup* on one line."""
    return " ".join(blocks(markup))


def first_image(markup: str) -> str | None:
    """Return the address of the first real picture in the HTML *markup*, as written there; counting pixels are none."""
    for _, mark in _scan(markup):
        if mark is None or (mark["name"] or "").lower() != "img":
            continue
        found = {name.lower(): html.unescape("".join(values)) for name, *values in ATTRIBUTE.findall(mark["rest"])}
        if found.get("src") and not {found.get("width"), found.get("height")} & {"0", "1"}:
            return found["src"]
    return None


def _scan(markup: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield each stretch of visible text with the mark that ends it; None at the end."""
    markup = markup.replace("\0", " ")
    place, endless = 0, set[str]()
    while mark := MARK.search(markup, place):
        yield markup[place : mark.start()], mark
        place = mark.end()
        name = (mark["name"] or "").lower()
        if name in UNSEEN and not mark["close"] and name not in endless:
            if end := re.compile(f"</{name}", re.IGNORECASE).search(markup, place):
                place = end.start()
            elif name in {"script", "style"}:
                return
            else:
                endless.add(name)
    yield markup[place:], None


def cut(text: str, length: int) -> str:
    """Return *text* if it has at most *length* characters, else its start up to a word, ending in an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    # A script without spaces, or one endless word, is cut where it stands.
    at_word = head.rpartition(" ")[0] if not text[length - 1].isspace() else head
    return (at_word if len(at_word) > length // 2 else head).rstrip(" ,;:\u2013\u2014-") + "…"
