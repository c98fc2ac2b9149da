"""Which links of a page lead to its articles."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from lxml.html import HtmlElement

from digest.gather.identity import host_of, url_key
from digest.gather.listings import site
from digest.gather.listings.card import HEADINGS, TITLE_CLASS, Card, Cards
from digest.gather.pages.tree import text_of
from digest.gather.piece import absolute
from digest.gather.text.clean import UNSEEN, plain

#: Groups of links with this mean score are articles; so is a single link.
ENOUGH = 4.0
#: Links that look alike are a list from so many on, and a list is worth this much.
ALIKE, FOR_A_LIST = 3, 1.5
TITLE_WORDS = 4
SHORTEST_PROSE = 40
#: A text that so many different links share says what to do, not where they lead.
REPEATED = 3
LONGEST_TITLE = 200
#: More words than these make no title better.
MANY_WORDS = 30
#: Links to other sites are a publisher's partners, unless there are so many times more of them, to several sites.
ELSEWHERE = 2

FRAMES = frozenset({"nav", "footer", "form", "dialog", "menu"})
FRAME_ROLES = frozenset({"navigation", "contentinfo", "search", "menu", "menubar", "dialog"})
FRAME_WORDS = frozenset({
    "nav", "navigation", "navbar", "menu", "submenu", "footer", "breadcrumb", "breadcrumbs", "pagination", "pager",
    "paging", "social", "share", "sharing", "cookie", "cookies", "consent", "gdpr", "login", "signin", "signup",
    "subscribe", "newsletter", "paywall", "comments", "tags", "tagcloud", "byline", "author", "authors", "toolbar",
    "skip", "language", "lang", "ad", "ads", "advert", "advertisement", "sponsored", "partner", "partners",
})  # fmt: skip
CLASS_WORD = re.compile(r"[A-Z]?[a-z]+")
WORD = re.compile(r"\w+")
# Written without spaces: three signs are about a word.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
# "127 comments", "12", "3 min".
COUNT = re.compile(r"\d[\d.,]*+\s*+\w*+(?:\s++(?:ago|min|read))?", re.IGNORECASE)
READ_MORE = re.compile(
    r"(?:(?:read|learn|see|view|show|find out|continue|full|more|weiter(?:lesen)?|mehr|zum|jetzt|lire|voir|en savoir"
    r"|la suite|leer|ver|seguir|sigue|leggi|continua|scopri|lees|meer|läs|les|læs|czytaj|ler|saiba|comment|share|login"
    r"|log in|sign|subscribe|next|previous|older|newer|details|link|permalink)\b\W*+(?:\w++\W*+){0,3})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """
    One link of a page: where it leads, as address and URL key, and the title that it gives its target.

    Without a title it is a picture, or says what to do ("Read more"); *is_headed* when the title is a heading.
    """

    element: HtmlElement
    url: str
    key: str
    title: str
    is_headed: bool


def found(tree: HtmlElement, *, base: str, page: str) -> list[Link]:
    """
    Return the links to articles on the page *tree* that lies at *page*, each target once, in the order of the page.

    What surrounds the articles is left out: navigation, footers, tags, authors, forms. The rest is judged in groups
    of links that are marked up alike, by their addresses, their words, and where they stand.
    """
    anchors = [anchor for anchor in tree.iter("a") if anchor.get("href")]
    frames = _Frames(anchors)
    links = _links((anchor for anchor in anchors if not frames.hold(anchor)), base, page)
    told = [link for link in links if not site.leads_nowhere(link.url) and not _is_in_prose(link)]
    return _judged(_titled(told, [link for link in told if _may_be_story(link, page)]), page)


def chosen(elements: Iterable[HtmlElement], *, base: str) -> list[Link]:
    """Return the links that a selector chose: *elements* are links, contain one, or stand within one."""
    anchors = (anchor for element in elements if (anchor := _anchor(element)) is not None)
    links = _links(anchors, base, "")
    return _titled(links, links)


def words(text: str) -> int:
    """Return how many words *text* has, whatever its script."""
    unspaced = len(UNSPACED.findall(text))
    return len(WORD.findall(UNSPACED.sub(" ", text))) + unspaced // 3


def _links(anchors: Iterable[HtmlElement], base: str, page: str) -> list[Link]:
    """Return the links of *anchors* but for those to *page* itself and mere numbers ("127 comments", "2 hours ago")."""
    links = [link for anchor in anchors if (link := _link(anchor, base)) and not (page and link.key == url_key(page))]
    links = [link for link in links if not COUNT.fullmatch(link.title)]
    said = Counter(text for _, text in {(link.key, link.title) for link in links})
    return [link if _is_title(link.title, said) else replace(link, title="", is_headed=False) for link in links]


def _link(anchor: HtmlElement, base: str) -> Link | None:
    url = absolute(base, (anchor.get("href") or "").partition("#")[0])
    if not url:
        return None
    heading = _heading(anchor)
    return Link(anchor, url, url_key(url), _title(anchor, heading), is_headed=heading is not None)


def _anchor(element: HtmlElement) -> HtmlElement | None:
    """Return the link of a chosen *element*: itself, a heading or the one with the most words within, or around it."""
    within = [anchor for anchor in element.iter("a") if anchor.get("href")]
    headed = [anchor for anchor in within if _heading(anchor) is not None]
    if within:
        return max(headed or within, key=lambda anchor: len(text_of(anchor)))
    return next((above for above in element.iterancestors("a") if above.get("href")), None)


def _heading(anchor: HtmlElement) -> HtmlElement | None:
    """Return the heading within the link *anchor*, or around it."""
    within = next((element for element in anchor.iter() if element.tag in HEADINGS), None)
    above = (place for place, _ in zip(anchor.iterancestors(), range(3), strict=False) if place.tag in HEADINGS)
    return next(above, None) if within is None else within


def _title(anchor: HtmlElement, heading: HtmlElement | None) -> str:
    """Return what the link says: its heading where it holds a whole card, else its text, else its label."""
    holder = heading if heading is not None and anchor in heading.iterancestors() else anchor
    named = (text_of(element) for element in holder.iter() if TITLE_CLASS.search(element.get("class") or ""))
    text = next((said for said in named if words(said) >= TITLE_WORDS), "") or _said(holder)
    if len(text) > LONGEST_TITLE:
        text = next((said for child in anchor if words(said := text_of(child)) >= TITLE_WORDS), text)
    return text or plain(anchor.get("aria-label") or anchor.get("title") or "")


def _said(element: HtmlElement) -> str:
    """Return the text of *element*; parts of a title that only a style sheet sets apart do not run into one another."""
    bare = not (element.text or "").strip() and not any((child.tail or "").strip() for child in element)
    if bare and element.tag not in UNSEEN and len(element):
        return " ".join(said for child in element if (said := _said(child)))
    return text_of(element)


def _is_in_prose(link: Link) -> bool:
    """Return whether *link* is a few words of a paragraph, and not what the paragraph is there for."""
    paragraph = next(link.element.iterancestors("p"), None)
    return (
        not link.is_headed and paragraph is not None and len(text_of(paragraph)) > 2 * len(link.title) + SHORTEST_PROSE
    )


def _is_title(text: str, said: Counter[str]) -> bool:
    """Return whether *text* can be a title: neither what many links say, nor an order to the reader."""
    return bool(text) and said[text] < REPEATED and not READ_MORE.fullmatch(text)


def _may_be_story(link: Link, page: str) -> bool:
    """Return whether *link* may lead to an article, so that its card ends where another such link begins."""
    if not link.title:
        return site.likeness(link.url) >= 1 and site.is_same_site(link.url, page)
    return site.likeness(link.url) >= site.ARTICLE or words(link.title) >= TITLE_WORDS - 1


def _titled(links: Sequence[Link], stories: Sequence[Link]) -> list[Link]:
    """
    Return one link for each target, with the best title that one of its links or the heading of its card gives.

    The cards of a page are told apart by those links that may be *stories*.
    """
    cards = Cards((link.element, link.key) for link in stories)
    by_key: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_key[link.key].append(link)
    best = [
        max(same, key=lambda link: (link.is_headed, min(words(link.title), MANY_WORDS))) for same in by_key.values()
    ]
    return [_with_heading(link, cards.of(link.element, link.key)) for link in best]


def _with_heading(link: Link, card: Card) -> Link:
    if link.is_headed or words(link.title) >= TITLE_WORDS:
        return link
    if link.title and site.likeness(link.url) < site.ARTICLE:
        return link
    heading = card.heading()
    if words(heading) > words(link.title) and not COUNT.fullmatch(heading):
        return replace(link, title=heading, is_headed=True)
    return link if link.title else replace(link, title=card.alternative())


def _judged(links: Sequence[Link], page: str) -> list[Link]:
    """Return those of *links* whose group is good enough."""
    groups: dict[tuple[str, ...], list[Link]] = defaultdict(list)
    for link in links:
        groups[_signature(link.element)].append(link)
    good = {
        link.key
        for group in groups.values()
        if mean(_score(link) for link in group) + (FOR_A_LIST if len(group) >= ALIKE else 0) >= ENOUGH
        for link in group
    }
    told = [link for link in links if link.key in good]
    own = [link for link in told if site.is_same_site(link.url, page)]
    elsewhere = {host_of(link.url) for link in told} - {host_of(link.url) for link in own}
    is_link_list = len(elsewhere) >= ALIKE and len(told) > (ELSEWHERE + 1) * len(own)
    return told if is_link_list else own


def _score(link: Link) -> float:
    """Return how much *link* looks like one to an article, from 0 to 8; without a title, not at all."""
    if not link.title:
        return 0
    count = words(link.title)
    headed = (2 if count >= TITLE_WORDS - 1 else 1) if link.is_headed else 0
    told = max(0, min(2, count - TITLE_WORDS + 2))
    return min(3, site.likeness(link.url)) + told + headed + (1 if _is_in_article(link.element) else 0)


def _is_in_article(element: HtmlElement) -> bool:
    return next(element.iterancestors("article"), None) is not None


def _signature(element: HtmlElement) -> tuple[str, ...]:
    """Return how *element* and what is around it is marked up: tags with the first word of their class."""
    around = (place for place, _ in zip(element.iterancestors(), range(3), strict=False))
    return tuple(
        f"{place.tag}.{next(iter((place.get('class') or '').split()), '').rstrip('0123456789')}"
        for place in (element, *around)
    )


class _Frames:
    """What surrounds the articles of a page: navigation, footers and the like, by tag, role or name."""

    def __init__(self, anchors: Sequence[HtmlElement]) -> None:
        self._most = len(anchors) / 2
        self._known: dict[HtmlElement, bool] = {}

    def hold(self, element: HtmlElement) -> bool:
        """Return whether *element* stands within a frame."""
        path = [element]
        for place in element.iterancestors():
            if place in self._known:
                break
            path.append(place)
        held = self._known.get(path[-1].getparent(), False) if path[-1].getparent() is not None else False
        for place in reversed(path):
            held = held or self._is_frame(place)
            self._known[place] = held
        return held

    def _is_frame(self, element: HtmlElement) -> bool:
        if element.tag in FRAMES or (element.get("role") or "") in FRAME_ROLES:
            return True
        if element.tag == "header":
            return next(element.iterancestors("article", "main", "section", "li"), None) is None and not any(
                within.tag in HEADINGS and words(text_of(within)) >= TITLE_WORDS for within in element.iter()
            )
        if element.tag in {"html", "body", "main", "article", "a", *HEADINGS}:
            return False
        named = CLASS_WORD.findall(f"{element.get('class') or ''} {element.get('id') or ''}")
        return any(word.lower() in FRAME_WORDS for word in named) and not self._is_page(element)

    def _is_page(self, element: HtmlElement) -> bool:
        """Return whether *element* holds the page and is a frame in name only: <div class="page with-nav">."""
        if next(element.iter("main", "h1"), None) is not None:
            return True
        return sum(1 for _ in element.iter("a")) > self._most
