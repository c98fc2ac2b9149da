"""Folding: the words of a text as they are looked for, without case and accents, in any script."""

import re
import unicodedata

#: Signs of scripts whose words stand without spaces, or grow at their ends (Korean): each is a word of its own, so that
#: several in a row are found anywhere.
_SIGNS = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
#: Signs of Indic scripts that Python takes for no letters, and that yet tell words apart; without the full stop.
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_LETTERS = rf"[^\W_{_SIGNS}{_INDIC}]"
_WORD = re.compile(rf"[{_SIGNS}]|(?:{_LETTERS}+|[{_INDIC}]+)+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
#: Accents and points, joiners and soft hyphens. Not the voicing of kana, which makes other words.
_MARKS = (
    "\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u2060\u20d0-\u20ff\ufe00-\ufe0f"
    "\ufe20-\ufe2f\ufeff"
)
_MARK = re.compile(f"[{_MARKS}]")
#: A word as it is written, with what stands on its letters: for marking it.
_WRITTEN = re.compile(rf"[{_SIGNS}]\u3099?|(?:{_LETTERS}|[{_INDIC}]|(?<=\w)[{_MARKS}])+")
#: Letters that Unicode does not take apart.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
#: Of a word; what is longer is an address or rubbish.
LONGEST_WORD = 60


def words(text: str) -> list[str]:
    """Return the folded words of *text* in their order: "Škoda's E-Mail" gives "skoda", "s", "e", "mail"."""
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        folded = unicodedata.normalize("NFC", _MARK.sub("", apart)).translate(_PLAIN)
        found = _WORD.findall(folded)
    return [word[:LONGEST_WORD] for word in found]


def placed(text: str) -> list[tuple[str, int, int]]:
    """Return the folded words of *text*, each with where that which is written there begins and ends."""
    return [(word, at.start(), at.end()) for at in _WRITTEN.finditer(text) for word in words(at[0])]
