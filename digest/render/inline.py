"""Write the one marked style sheet into style attributes; leave every other sheet and comment as it is."""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from typing import NamedTuple, Self

from lxml import etree
from premailer import Premailer

from digest.errors import TemplateError
from digest.model.text import shorten

#: ``<mj-style inline="inline">`` begins with this comment.
_SHEET = re.compile(r"<style\b[^>]*>\s*/\*inline\*/(?P<css>.*?)</style>", re.DOTALL)
_OTHER_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL)
#: What is no page: comments and sheets. Else one opening tag, as the compiler and our templates write them. Last, one
#: with a class that is written otherwise, and would go without its style.
_TAG = re.compile(
    r"<!--.*?-->|<style\b.*?</style>|<(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?:\s+[a-zA-Z_:][\w:.-]*=\"[^\"]*\")*)\s*(?P<end>/?)>"
    r"|(?P<odd><[a-zA-Z][^<>]*\sclass\s*=[^<>]*>)",
    re.DOTALL | re.ASCII,
)
_CLASS_OR_STYLE = re.compile(r"\s+(class|style)=\"([^\"]*)\"")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{")
_SIMPLE = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?(?:\.[A-Za-z_][\w-]*)+")
_CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")

#: A theme has a few dozen kinds of tags; only templates that write a style of its own on each have more.
_MOST_KINDS = 4096
#: A length of nothing needs no unit.
_ZERO = re.compile(r"(?<![\w.#-])0px\b")
#: The compiler says a colour of the ground in both ways.
_TWICE = re.compile(r"\bbackground:(#\w+);(?=background-color:\1\b)")

#: A kind of tag: its name, class and style, as written.
Kind = tuple[str, str, str]


def inline(html: str) -> str:
    """
    Return *html* with the rules of its marked style sheet as style attributes. Reads nothing from anywhere.

    Each kind of tag is worked out once, by premailer: tags of the same name, class and style come out alike, since the
    sheet may only hold rules for a name or classes. Classes that no other sheet names are taken off. TemplateError
    names a selector that looks at more than the tag itself, and a tag that is written so that it would be passed over.
    """
    marked = _SHEET.search(html)
    if marked is None:
        return html
    css = marked["css"]
    html = html[: marked.start()] + html[marked.end() :]
    hooks = frozenset(name for sheet in _OTHER_SHEET.findall(html) for name in _CLASS.findall(sheet))
    known = _known(css)
    written: dict[str, str] = {}
    new: set[Kind] = set()

    def with_style(found: re.Match[str]) -> str:
        text = found[0]
        if text not in written:
            if found["odd"]:
                raise TemplateError(
                    f"{shorten(text, 80)} would go without its style; write the tag in small letters, and each of its "
                    "attributes once, in double quotes"
                )
            tag = _Tag.of(found) if found["name"] else None
            if tag is None:
                return text
            if tag.kind not in known:
                new.add(tag.kind)
                return text
            written[text] = tag.written(known[tag.kind], hooks)
        return written[text]

    page = _TAG.sub(with_style, html)
    if not new:
        return page
    if len(known) > _MOST_KINDS:
        known.clear()
        new.update(_Tag.of(found).kind for found in _TAG.finditer(html) if found["name"])
    known.update(_worked_out(css, sorted(new)))
    return _TAG.sub(with_style, html)


class _Tag(NamedTuple):
    """An opening tag: its kind, its other attributes as they are written, and whether it closes itself."""

    kind: Kind
    others: str
    is_closed: bool

    @classmethod
    def of(cls, found: re.Match[str]) -> Self:
        classes = style = ""
        others = found["attributes"]
        for attribute in _CLASS_OR_STYLE.finditer(others):
            if attribute[1] == "class":
                classes = attribute[2]
            else:
                style = attribute[2]
        if classes or style:
            others = _CLASS_OR_STYLE.sub("", others)
        return cls((found["name"], classes, style), others, bool(found["end"]))

    def written(self, style: str, hooks: frozenset[str]) -> str:
        """Return the tag with its whole *style*, and with those of its classes that are *hooks* for other sheets."""
        name, classes, _ = self.kind
        kept = " ".join(each for each in classes.split() if each in hooks)
        return "".join(
            (
                f"<{name}",
                f' class="{kept}"' if kept else "",
                self.others,
                f' style="{style}"' if style else "",
                " />" if self.is_closed else ">",
            )
        )


@lru_cache(maxsize=16)
def _known(css: str) -> dict[Kind, str]:
    """Return what has been worked out for the sheet *css*, to be added to."""
    rules = _COMMENT.sub("", css)
    # Whoever reads the sheet would fetch what an @import names, and a backslash can spell that in many ways.
    if "@" in rules or "\\" in rules:
        raise TemplateError(
            "the style sheet to be inlined has an @ or a backslash; it may hold plain rules only: put @media and its "
            "like into a sheet of their own"
        )
    for selectors in _RULE.findall(rules):
        for selector in selectors.split(","):
            if not _SIMPLE.fullmatch(selector.strip()):
                raise TemplateError(
                    f'the style sheet to be inlined has a rule for "{selector.strip()}"; it may only name a tag or '
                    "classes, such as p or .story: give what it means a class of its own"
                )
    return {}


def _worked_out(css: str, kinds: Sequence[Kind]) -> dict[Kind, str]:
    """Return the style of each of *kinds* under the sheet *css*: premailer's, in a page that holds one tag of each."""
    root = etree.Element("html")
    etree.SubElement(etree.SubElement(root, "head"), "style").text = css
    body = etree.SubElement(root, "body")
    tags = []
    for name, classes, style in kinds:
        tag = etree.SubElement(body, name)
        for attribute, value in (("class", classes), ("style", unescape(style).replace('"', "'"))):
            if value:
                tag.set(attribute, value)
        tags.append(tag)
    Premailer(
        root,
        method="html",
        keep_style_tags=False,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        allow_loading_external_files=False,
        disable_link_rewrites=True,
        align_floating_images=False,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
        remove_unset_properties=False,
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return {kind: _tight(tag.get("style", "")) for kind, tag in zip(kinds, tags, strict=True)}


def _tight(style: str) -> str:
    """Return *style* without the blanks that mean nothing, fit for an attribute in double quotes."""
    style = re.sub(r"\s*([;:,])\s*", r"\1", style).rstrip(";").replace('"', "'")
    style = _ZERO.sub("0", _TWICE.sub("", style))
    return escape(style, quote=False)
