"""The one or two lines that stand under a headline: the publisher's own, else the best first sentence."""

import re

from digest.gather.clean import cut

SHORTEST, LONGEST = 40, 300
LENGTH = 280
#: Of so many sentences at the start of a text one is chosen.
SENTENCES = 6
#: The stretch of a text that is looked at; six sentences of the longest kind end well before.
NEAR = 4000

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
# An ending that says that the rest was left out. "[…]" and "[&#8230;]" are what blog software appends.
CUT_OFF = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*(?:→|»|>>)?\s*$")
# What may close a sentence behind its stop, and open the next: quotation marks and brackets of many languages.
CLOSING = "\"'\u2019\u201d»)\\]\u300d\u300f\uff09"
OPENING = "\"'\u201c\u2018«(\\[¿¡„"
STOPS = ".!?…"
# Chinese and Japanese sentences end without a space.
WIDE_STOPS = "\u3002\uff01\uff1f"
SENTENCE_END = re.compile(rf"(?:[{STOPS}][{CLOSING}]*(?=\s+[{OPENING}]*[^\W_a-zß-öø-ÿ])|[{WIDE_STOPS}][{CLOSING}]*)\s*")
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
    kept = BOILERPLATE.sub("", description[:NEAR]).strip()
    whole = CUT_OFF.sub("", kept)
    if SHORTEST <= len(whole) <= LONGEST and whole == kept and not _repeats(whole, title):
        return whole
    text = BOILERPLATE.sub("", body[:NEAR]).strip() or kept
    return _best_sentence(text, title) or _best_sentence(kept, title) or _lead_of(whole, title)


def sentences(text: str) -> list[str]:
    """Return the sentences of the plain *text*; a last one without an end counts too."""
    found, start = [], 0
    for end in SENTENCE_END.finditer(text):
        sentence = text[start : end.end()].strip()
        if sentence and not ABBREVIATION.search(sentence):
            found.append(sentence)
            start = end.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def _best_sentence(text: str, title: str) -> str:
    """Return the whole sentence near the start that shares most words with the title, the earlier one when in doubt."""
    wanted = _words(title)
    near = sentences(text)[:SENTENCES]
    usable = [
        (place, sentence)
        for place, sentence in enumerate(near)
        if SHORTEST <= len(sentence) <= LENGTH
        and not CUT_OFF.search(sentence)
        and ENDED.search(sentence)
        and not _repeats(sentence, title)
    ]
    if not usable:
        return ""
    return max(usable, key=lambda found: (1 + len(wanted & _words(found[1]))) / (found[0] + 2))[1]


def _lead_of(text: str, title: str) -> str:
    """Return the start of *text*, for want of a whole sentence."""
    return "" if _repeats(text, title) else cut(text, LENGTH)


def _repeats(text: str, title: str) -> bool:
    """Return whether *text* says nothing that the title does not."""
    return not _words(text) - _words(title)


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.casefold()))
