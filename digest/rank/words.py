"""Words of any language: folded, stemmed lightly, and cut into pairs where a script writes no spaces."""

import re
import unicodedata
from functools import lru_cache
from operator import add
from urllib.parse import unquote

from digest.model.candidate import Candidate

# Han, kana, Hangul, Thai, Lao, Burmese and Khmer: pairs of characters serve better than whatever stands between spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_PAIRED = re.compile(rf"[{_UNSPACED}]")
# The mark comes first, what must stand before it after: so the engine goes from mark to mark.
_APOSTROPHE = re.compile(r"['\u2019\u02bc](?<=\w.)(?=s\b)")
_BEHIND_PATH = re.compile(r"[?#]")
_PATH_PARTS = re.compile(r"[/.]")
_HYPHEN = re.compile(r"[-_+]|%2[BDbd]")
_DIGIT = re.compile(r"\d")
_SUFFIXES = frozenset(
    "ingly ement ments ment ings ing edly ies ied ung ern ers est ed es en er em ly s e n y".split()  # noqa: SIM905 (a list of words reads best as words)
)
_LONGEST_SUFFIX = max(map(len, _SUFFIXES))
_SHORTEST_STEM = 4
_SUMMARY_WORDS = 40
# Enough for that many words of any language, however long the summary goes on.
_SUMMARY_CHARACTERS = 1000
# In a paper of fifty articles a rarity count alone takes these for news; leaving them out halved false merges there.
# Words that carry news in a neighbouring language (war, hat, son, plus) are not listed.
_FUNCTION_WORDS = frozenset(
    """
    a about after against all also amid an and any are as at be because been before but by can could did do does
    during for from get gets had has have he her here his how i if in into is it its just may might more most my
    new no nor not now of off on one only or our out over s said says she should since so some such than that the
    their them then there these they this those through to too under until up us very was we were what when where
    which while who why will with would you your
    aber als am auch auf aus bei beim bis das dass dem den der des die doch durch ein eine einem einen einer eines
    er es fur gegen haben im ist kein keine mit nach nicht noch nur oder ohne sich sie sind soll uber um und unter
    vom von vor wegen wenn werden wie wird wurde zu zum zur zwischen
    au aux avec ce ces cette chez comme d dans de depuis du elle en entre est et ete eux il ils je l la le les
    leur leurs lors mais meme ne nous ont ou par pas pour qu que qui sa sans se selon ses sont sous sur un une
    vers
    al ante como con cuando del desde donde el ella entre esta este fue ha han hasta las lo los mas muy ni o para
    pero por porque segun ser si sin sobre su sus tras una uno y ya
    agli ai alla alle anche che chi contro cui da dal dalla dei del della delle di dopo e gli i nel nella non per
    piu quando questo sono sul sulla tra
    aan bij dat deze dit een geen heeft het hij ik maar met naar niet onder ook op te tegen tot uit voor waar werd
    wordt zich zijn
    ao aos da das do em foi isso mais mas na nas no nos num numa os ou pela pelo pode quem sao seu sua tem uma
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
# The frames that headlines of all topics share: "everything you need to know", "ce qu'il faut savoir".
_FRAME_WORDS = frozenset(
    """
    best every everything here know let look need read reason reasons see thing things today tomorrow tonight top
    tell tells update updates video vs want wants watch way ways week yesterday
    alles darum diese dieser erste heute hier jahr jetzt kann konnen mehr muss mussen neue neuen neuer neues so sollten
    tag uhr video was wissen woche
    aujourd comprendre comment faut hui jour plus pourquoi quoi savoir semaine tout toute toutes tous voici
    ahora asi debe debes hoy saber semana toda todas todo todos
    adesso cosa ecco oggi sapere settimana tutto
    alle jij moet vandaag weten
    agora deve hoje saber semana tudo
    """.split()  # noqa: SIM905 (as above)
)
_SILENT = _FUNCTION_WORDS | _FRAME_WORDS


class _Unmarked(dict[int, int | None]):
    """Takes accents, points and vowel signs out of what `str.translate` reads, each looked up once."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)).startswith("M") else code
        self[code] = kept
        return kept


_UNMARKED = _Unmarked()


def fold(text: str) -> str:
    """Return *text* in one case, without accents, points and vowel signs, so that spellings of one word agree."""
    if text.isascii():
        return text.casefold()
    bare = unicodedata.normalize("NFKD", text.casefold()).translate(_UNMARKED)
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """Return the folded words of *text* in order; runs of unspaced script come as overlapping pairs of characters."""
    folded = fold(text)
    runs = _RUN.findall(_APOSTROPHE.sub("", folded))
    if folded.isascii():
        return runs
    found: list[str] = []
    for run in runs:
        if len(run) > 2 and _PAIRED.match(run):
            found.extend(map(add, run, run[1:]))
        else:
            found.append(run)
    return found


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return *word* without one common English, German or Romance ending; at least four letters stay."""
    for length in range(min(_LONGEST_SUFFIX, len(word) - _SHORTEST_STEM), 0, -1):
        if word[-length:] in _SUFFIXES:
            return word[:-length]
    return word


def telling(found: list[str]) -> list[str]:
    """Return the stems of those *found* words that say what a piece is about."""
    return [stem(word) for word in found if word not in _SILENT]


def headline_words(candidate: Candidate) -> list[str]:
    """Return the words of the title, without the publisher's name that many feeds put at its end."""
    title, name = words(candidate.title), _name_words(candidate.source_name)
    if name and len(title) > len(name) and title[-len(name) :] == name:
        return title[: -len(name)]
    return title


def slug_words(url: str) -> list[str]:
    """Return the words of the longest hyphenated part of the path; empty when the address only numbers its pages."""
    path = _BEHIND_PATH.split(url.partition("://")[2].partition("/")[2], 1)[0]
    parts = [part for part in _PATH_PARTS.split(path) if _HYPHEN.search(part)]
    if not parts:
        return []
    slug = max(map(unquote, parts), key=len) if "%" in path else max(parts, key=len)
    return [word for word in words(slug) if not _DIGIT.search(word)]


def opening_words(summary: str) -> list[str]:
    """Return the first forty words of *summary*: what a lead says stands in its first sentence or two."""
    return words(summary[:_SUMMARY_CHARACTERS])[:_SUMMARY_WORDS]


@lru_cache(maxsize=4096)
def _name_words(name: str) -> list[str]:
    return words(name)
