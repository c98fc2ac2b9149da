"""Plain text from whatever publishers send: no markup, no control characters, one kind of space."""

import html
import re
import unicodedata
from itertools import islice

# Where one block of text ends and the next begins; everything else is inline and leaves no trace.
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul",
})  # fmt: skip
UNSEEN = frozenset({
    "audio", "button", "canvas", "iframe", "noframes", "noscript", "object", "select", "svg",
    "template", "textarea", "title", "video",
})  # fmt: skip

# Those of which articles are full; any other tag means the same, and takes longer to look up.
INLINE = frozenset({
    "a", "abbr", "b", "cite", "code", "em", "font", "i", "img", "picture", "q", "s", "small", "source", "span",
    "strong", "sub", "sup", "tbody", "thead", "time", "tr", "u",
}) - BLOCKS  # fmt: skip

# A scanner, not a tree: time stays linear in the length whatever the nesting, where tree builders take minutes for
# a megabyte of open tags. Possessive, and never across a further "<" but between quotation marks, for the same reason:
# of all the tags that are tried at most two at a time reach beyond the next one.
TAG = re.compile(
    r"""<(/?[a-zA-Z][a-zA-Z0-9:-]*+)(?:>|[^<>"']*+(?>(?:"[^"]*+"|'[^']*+')[^<>"']*+)*+>)""",
)
IMAGE = re.compile(r"""<img(?=[\s/"'])((?>[^<>"']|"[^"]*"|'[^']*')*+)>""", re.IGNORECASE)
# What is no text whatever stands in it, and declarations.
HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1[^<>]*+>?|\Z)", re.IGNORECASE | re.DOTALL)
DECLARATION = re.compile(r"<(?:[!?]|/(?![a-zA-Z]))[^<>]*+>")
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


MOST_IMAGES = 20


class _Ends(dict[str, str]):
    """What stands for a tag in the text: an end of a block, nothing, or HIDING where it hides what stands in it."""

    def __missing__(self, tag: str) -> str:
        name = tag.lower()
        return self.get(name) or self.get(name.rpartition(":")[2], "")


END, HIDING, PROGRAM = "\0", "\1", "\2"
ENDS = _Ends(
    {
        **{written: END for name in BLOCKS for written in (name, f"/{name}")},
        **dict.fromkeys(UNSEEN, HIDING),
        **dict.fromkeys(("script", "style"), PROGRAM),
        **{written: "" for name in INLINE for written in (name, f"/{name}")},
    }
)


def plain(text: str) -> str:
    """Return *text* on one line: composed (NFC), without controls or lone surrogates, spaces collapsed."""
    text = text.strip()
    if not text.isprintable() or "  " in text:
        text = " ".join(text.split())
        # Of what is unwanted nothing is printable.
        if not text.isprintable():
            text = " ".join(text.translate(UNWANTED).split())
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return " ".join(unicodedata.normalize("NFC", text).split())


def blocks(markup: str) -> tuple[str, ...]:
    """Return the blocks of text of the HTML *markup*, each as ``plain`` gives it; scripts and forms leave nothing."""
    text = _without_tags(markup) if "<" in markup else markup.replace(END, " ")
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    # Most of the many blocks of an article need no more than a look.
    found = [
        block if block.isprintable() and "  " not in block else plain(block)
        for part in text.split(END)
        if (block := part.strip())
    ]
    return tuple(filter(None, found))


def _without_tags(markup: str) -> str:
    """Return the visible text of *markup*, with END where one of its blocks ends and the next begins."""
    pieces = TAG.split(markup)
    ends = list(map(ENDS.__getitem__, pieces[1::2]))
    seen = pieces[:]
    seen[1::2] = ends
    text = "".join(seen)
    if "<" in text or END in markup or PROGRAM in text:
        pieces = TAG.split(DECLARATION.sub("", HIDDEN.sub("", markup.replace(END, " "))))
        ends = list(map(ENDS.__getitem__, pieces[1::2]))
    elif HIDING not in text:
        return text
    return "".join(_seen(pieces, ends))


def _seen(pieces: list[str], ends: list[str]) -> list[str]:
    """Return *pieces* with *ends* for the tags, which stand at the odd places, and without what those hide."""
    tags = [tag.lower() for tag in pieces[1::2]]
    pieces[1::2] = ends
    endless = set[str]()
    place = _place(ends, HIDING, 0)
    while place is not None:
        close = None if tags[place] in endless else _place(tags, f"/{tags[place]}", place)
        if close is None:
            endless.add(tags[place])
            close = place
        count = 2 * (close - place) + 1
        pieces[2 * place + 1 : 2 * place + 1 + count] = [""] * count
        place = _place(ends, HIDING, close + 1)
    return pieces


def _place(texts: list[str], text: str, start: int) -> int | None:
    """Return the place of *text* in *texts* from *start* on."""
    try:
        return texts.index(text, start)
    except ValueError:
        return None


def text_of(markup: str) -> str:
    """Return the text of the HTML *markup* on one line."""
    return " ".join(blocks(markup))


def first_image(markup: str) -> str | None:
    """
    Return the address of the first real picture in the HTML *markup*, as written there; counting pixels are none.

    It is one of the first twenty.
    """
    if "<img" not in markup and "<IMG" not in markup:
        return None
    for image in islice(IMAGE.finditer(markup), MOST_IMAGES):
        found = {name.lower(): html.unescape("".join(values)) for name, *values in ATTRIBUTE.findall(image[1])}
        source = found.get("src", "")
        is_pixel = not {found.get("width"), found.get("height")}.isdisjoint({"0", "1"})
        if source and not source.startswith("data:") and not is_pixel and not _is_hidden(markup[: image.start()]):
            return source
    return None


def _is_hidden(before: str) -> bool:
    """Return whether what follows *before* stands in a comment or a script."""
    return any(before.rfind(start) > before.rfind(end) for start, end in (("<!--", "-->"), ("<script", "</script")))


def cut(text: str, length: int) -> str:
    """Return *text* if it has at most *length* characters, else its start up to a word, ending in an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    # A script without spaces, or one endless word, is cut where it stands.
    at_word = head.rpartition(" ")[0] if not text[length - 1].isspace() else head
    return (at_word if len(at_word) > length // 2 else head).rstrip(" ,;:\u2013\u2014-") + "…"
