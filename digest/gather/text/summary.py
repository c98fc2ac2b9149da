"""The one or two lines that stand under a headline: the publisher's own, else the best first sentence."""

import re
from collections.abc import Iterator
from itertools import islice

from digest.gather.text.clean import cut

SHORTEST, LONGEST = 40, 300
LENGTH = 280
#: Of so many sentences at the start of a text one is chosen.
SENTENCES = 6
#: The stretch of a text that is looked at; six sentences seldom end behind it.
NEAR = 1500

BOILERPLATE = re.compile(
    r"""
    \bThe\ (?:post|article)\b[^.]{0,300}?\b(?:appeared\ first|first\ appeared)\ on\b.{0,200}
    | \b(?:Article|Comments)\ URL:.*
    | (?:\[?(?:…|\.\.\.)\]?\s*)?\b(?:Continue\ reading|Read\ (?:the\ )?(?:full|entire|rest)\b|Read\ more|Click\ here|
      View\ Entire\ Post|Weiterlesen|Mehr\ lesen|Lire\ la\ suite|Leer\ m[aá]s|Seguir\ leyendo|Leggi\ tutto).{0,200}
    | ^(?:Comments|\[?link\]?\s*\[?comments\]?|submitted\ by\ /u/.*)$
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Without one of these nothing matches; they are found many times faster.
SIGNS_OF_BOILERPLATE = (
    "appeared", " url:", "reading", "read the ", "read full", "read entire", "read rest", "read more", "click here",
    "view entire", "lesen", "lire la", "leer m", "leyendo", "leggi tutto", "submitted by",
)  # fmt: skip
#: Of a longer text, which can never stand as it is, only single sentences are wanted.
LONGEST_WHOLE = 1000
#: A text so short may be boilerplate and nothing else.
SHORT = 30
# An ending that says that the rest was left out. "[…]" and "[&#8230;]" are what blog software appends.
CUT_OFF = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*(?:→|»|>>)?\s*$")
#: Longer than such an ending, and than an abbreviation.
END_MARK = 12
# What may close a sentence behind its stop, and open the next: quotation marks and brackets of many languages.
CLOSING = "\"'\u2019\u201d»)\\]\u300d\u300f\uff09"
OPENING = "\"'\u201c\u2018«(\\[¿¡„"
STOPS = ".!?…"
# Chinese and Japanese sentences end without a space.
WIDE_STOPS = "\u3002\uff01\uff1f"
SENTENCE_END = re.compile(
    rf"[{STOPS}{WIDE_STOPS}](?:(?<=[{WIDE_STOPS}])[{CLOSING}]*|[{CLOSING}]*(?=\s+[{OPENING}]*[^\W_a-zß-öø-ÿ]))\s*"
)
ENDINGS = frozenset(f".!?{WIDE_STOPS}{CLOSING}") - {"\\"}
ENDED = re.compile(rf"[.!?{WIDE_STOPS}{CLOSING}]$")
# A full stop behind these ends no sentence.
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Sen|Rep|Gov|Gen|Lt|Col|Capt|Rev|No|Nr|vs|Inc|Ltd|Corp|Co|approx|ca|bzw|Abs|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Mme|Mlle)|\b[A-Z]|\b(?:[a-zA-Z]\.)+[a-zA-Z]|\b\d{1,2})\.$"
)
WORD = re.compile(r"\w+")


def summarize(description: str, *, title: str, body: str = "") -> str:
    """
    Return the summary of a piece: *description* when it can stand as it is, else a sentence, at most 280 characters.

    All texts are plain. It can stand when it has 40 to 300 characters, says more than *title* and is not cut off.
    Empty when there is nothing to say beyond the title.
    """
    kept = _without_boilerplate(description) if len(description) < LONGEST_WHOLE else description[:NEAR]
    mark = _end_mark(kept)
    whole = kept[: mark.start()] if mark else kept
    wanted = _words(title)
    if mark is None and SHORTEST <= len(whole) <= LONGEST and _says_more(whole, wanted):
        return whole
    found = _best_sentence(body[:NEAR], wanted) or _best_sentence(kept, wanted)
    return found or (cut(_without_boilerplate(whole), LENGTH) if _says_more(whole, wanted) else "")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of the plain *text*; a last one without an end counts too."""
    start = 0
    for end in SENTENCE_END.finditer(text):
        sentence = text[start : end.end()].strip()
        if sentence and not (sentence.endswith(".") and ABBREVIATION.search(sentence, len(sentence) - END_MARK)):
            yield sentence
            start = end.end()
    if rest := text[start:].strip():
        yield rest


def _without_boilerplate(text: str) -> str:
    """Return *text* without what software and editors put around every piece."""
    return BOILERPLATE.sub("", text).strip() if len(text) < SHORT or _has_signs(text) else text.strip()


def _has_signs(text: str) -> bool:
    return any(map(text.lower().__contains__, SIGNS_OF_BOILERPLATE))


def _end_mark(text: str) -> re.Match[str] | None:
    """Return the sign at the end of *text* that the rest was left out."""
    end = text[-END_MARK:]
    return CUT_OFF.search(text, len(text) - END_MARK) if "…" in end or "..." in end else None


def _best_sentence(text: str, wanted: frozenset[str]) -> str:
    """Return the whole sentence near the start that has most of the words *wanted*, the earlier one when in doubt."""
    best, most = "", 0.0
    for place, sentence in enumerate(islice(sentences(text), SENTENCES)):
        if (1 + len(wanted)) / (place + 2) <= most:
            break
        if not SHORTEST <= len(sentence) <= LENGTH or _end_mark(sentence) or sentence[-1] not in ENDINGS:
            continue
        words = WORD.findall(sentence.casefold())
        shared = (1 + len(wanted.intersection(words))) / (place + 2)
        # A sentence that has no further word says nothing that the title does not.
        if shared > most and not wanted.issuperset(words) and not _is_boilerplate(sentence):
            best, most = sentence, shared
    return best


def _is_boilerplate(sentence: str) -> bool:
    return _has_signs(sentence) and BOILERPLATE.search(sentence) is not None


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.casefold()))


def _says_more(text: str, wanted: frozenset[str]) -> bool:
    """Return whether *text* has a word that is not among *wanted*; mostly one of its first is none."""
    return any(word[0] not in wanted for word in WORD.finditer(text.casefold()))
