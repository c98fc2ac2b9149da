"""The verbs of the Draft page: what a form asks for, as an act of editing."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import HTTPException

from digest.compose.edit import acts
from digest.compose.edit.acts import Act
from digest.model.ids import ArticleId
from digest.web.forms import Fields

#: Verbs that carry what somebody has typed; all others are one press of a button.
TYPED = frozenset({"rewrite", "word", "add", "show"})
#: Digits of a number, and where it ends: no database holds a greater one.
_LONGEST, _LARGEST = 19, 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for: the *verb*, the *key* of the Story that it is about, and the *rest* of the button."""

    verb: str
    key: str
    rest: str
    fields: Fields

    @classmethod
    def of(cls, fields: Fields) -> "Asked":
        """Read the button "pin a12", or "move" beside a field *key*."""
        verb, _, words = fields.one("do").partition(" ")
        key, _, rest = words.partition(" ")
        return cls(verb, key or fields.one("key"), rest, fields)

    @property
    def version(self) -> int:
        """Return the version of the Draft that was shown; 422 when the form does not say."""
        return _number(self.fields.one("version"))

    @property
    def target(self) -> str:
        """Return the key of the Story that its editor looks at afterwards, or nothing."""
        if self.verb in {"drop", "word", "undo", "redo"}:
            return ""
        if self.verb == "merge":
            return self.one("into")
        if self.verb in {"lead", "split"}:
            return f"a{self.article}"
        return self.one("own_key") if self.verb == "add" else self.key

    @property
    def article(self) -> ArticleId:
        """Return the article that the button names; 422 when it names none."""
        return ArticleId(_number(self.rest or self.one("article")))

    def act(self) -> Act:
        """Return the act; 422 when there is none of that name."""
        make = _ACTS.get(self.verb)
        if make is None:
            raise HTTPException(422)
        return make(self)

    def one(self, name: str) -> str:
        """Return the field *name*, empty when it is missing."""
        return self.fields.one(name)

    def given(self, *names: str) -> dict[str, str]:
        """Return those of the fields called *names* that the form has, but for those that it shows unchanged."""
        there = dict(reversed(self.fields.pairs))
        return {name: self.one(name) for name in names if name in there and not self._is_as_shown(name, there)}

    def _is_as_shown(self, name: str, there: dict[str, str]) -> bool:
        """Return whether the field still holds what it was shown with: then its editor had nothing to say of it."""
        was = f"was.{name}"
        return was in there and there[was].split() == there[name].split()


def new_key() -> str:
    """Return a key for an item of an editor's own."""
    return f"o{secrets.token_hex(6)}"


def _number(text: str) -> int:
    # The length first: of thousands of digits Python makes no number.
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST and int(text) < _LARGEST):
        raise HTTPException(422)
    return int(text)


def _show(asked: Asked) -> Act:
    image = asked.one("address") if asked.one("image") == "other" else asked.one("image")
    return acts.Show(asked.key, image)


def _add(asked: Asked) -> Act:
    article = ArticleId(_number(number)) if (number := asked.one("article")) else None
    texts = asked.given("headline", "summary", "url", "source", "image", "own_key")
    return acts.Add(**{"section": asked.one("section"), "headline": "", **texts}, article_id=article)


_ACTS: Mapping[str, Callable[[Asked], Act]] = {
    "pin": lambda asked: acts.Pin(asked.key),
    "unpin": lambda asked: acts.Unpin(asked.key),
    "drop": lambda asked: acts.Drop(asked.key),
    "place": lambda asked: acts.Place(asked.key, asked.one("section") if not asked.rest else asked.rest),
    "move": lambda asked: acts.Move(asked.key, asked.one("section"), asked.one("before")),
    "up": lambda asked: acts.Shift(asked.key, up=True),
    "down": lambda asked: acts.Shift(asked.key, up=False),
    "merge": lambda asked: acts.Merge(asked.key, asked.one("into")),
    "split": lambda asked: acts.Split(asked.key, asked.article),
    "lead": lambda asked: acts.Lead(asked.key, asked.article),
    "show": _show,
    "rewrite": lambda asked: acts.Rewrite(asked.key, **asked.given("headline", "summary", "note")),
    "update": lambda asked: acts.MarkUpdate(asked.key, is_update=asked.rest != "no"),
    "add": _add,
    "word": lambda asked: acts.Word(**asked.given("subject", "preheader", "intro")),
}
