"""Read an article from the plain text of a scraped page: line rules for the fields, line scores for the body."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from digest.errors import UnreadableInput
from digest.gather.pages.extracted import Extracted, Teaser
from digest.gather.pages.lines import Kind, Line, date_of, read_lines
from digest.gather.piece import LONGEST_BODY, LONGEST_TITLE
from digest.gather.text import phrases
from digest.gather.text.clean import cut
from digest.gather.text.decode import decode
from digest.gather.text.summary import summarize

LINE_RULES = "line rules"
LINE_SCORES = "line scores"
#: A part of the page behind teasers or comments must score so much more to be taken for the body.
BEHIND_TEASERS = 0.5
#: What short lines between paragraphs may cost a text, and how much of them there may be: about a dozen lines.
DEEPEST, LONGEST_DIP = 40.0, 100.0
#: The title stands at most so many lines above the text.
TITLE_WITHIN = 12
#: What the title in a browser's window adds.
SITE_NAME = re.compile(r"\s+[|\u2013\u2014-]\s+[^|\u2013\u2014-]{1,60}$")
#: Facts about a piece stand so close to its text.
FACTS_WITHIN = 12
MOST_LINKS = 100


def extract(text: bytes | str, *, url: str = "", fetched_at: datetime) -> Extracted:
    """
    Return the article of the page dump *text*; relative times in it count from *fetched_at*.

    The body includes standfirst and sub-headings. Other pieces that the page points to come as *links*. Raises
    UnreadableInput when no line of it looks like text.
    """
    lines = read_lines(decode(text) if isinstance(text, bytes) else text, fetched_at=fetched_at)
    others = _other_pieces(lines)
    start, end = _segment(lines, others)
    title_at = _title(lines, start) if end else None
    if title_at is not None:
        start = _standfirst(lines, title_at, start)
    blocks = [lines[i].text for i in range(start, end) if i not in others and lines[i].kind in {Kind.TEXT, Kind.ITEM}]
    if not blocks:
        raise UnreadableInput(f"{url or 'The text'} holds no article: no line of it looks like running text.")
    title = lines[title_at].text if title_at is not None else cut(blocks[0], 100)
    fields: dict[str, tuple[Any, str]] = {
        "url": (url, "address"),
        "summary": (summarize(blocks[0], title=title, body=" ".join(blocks[1:])), LINE_RULES),
        "body": ("\n\n".join(blocks)[:LONGEST_BODY], LINE_SCORES),
        "authors": (_authors(lines, start, end), LINE_RULES),
        "category": (_category(lines, start, end), LINE_RULES),
        "published": (_published(lines, start, end, fetched_at), LINE_RULES),
        "links": (_links(lines, others, end, fetched_at), LINE_RULES),
    }
    return Extracted(
        title=cut(title, LONGEST_TITLE),
        **{name: value for name, (value, _) in fields.items() if value},
        origins={"title": LINE_RULES, **{name: origin for name, (value, origin) in fields.items() if value}},
    )


def _other_pieces(lines: Sequence[Line]) -> frozenset[int]:
    """Return the places of the lists of other pieces: each head with its items."""
    found: set[int] = set()
    for head, line in enumerate(lines):
        if line.kind is not Kind.LINKS or head in found:
            continue
        found.add(head)
        if _inline(line):
            continue
        place = head + 1
        while place < len(lines) and _is_item_of_list(lines, head, place):
            found.add(place)
            place += 1
    return frozenset(found)


def _is_item_of_list(lines: Sequence[Line], head: int, place: int) -> bool:
    """Return whether the line at *place* goes on with the list that opens at *head*."""
    line, first = lines[place], place == head + 1
    if line.kind is Kind.ITEM:
        return True
    if line.kind is not Kind.TEXT or lines[head + 1].kind is Kind.ITEM or line.score > 0:
        return False
    if not line.gap or first:
        return True
    # Titles between empty lines: the last one before running text is the heading of that text.
    followed_by_text = place + 1 < len(lines) and lines[place + 1].score > 0
    return line.is_title_like and lines[head + 1].gap and not followed_by_text


def _inline(line: Line) -> str:
    """Return the other piece that a line such as "Read also: Another piece" names itself."""
    match = phrases.LINKS_HEAD.fullmatch(line.text)
    return (match["item"] or "").strip() if match else ""


def _segment(lines: Sequence[Line], others: frozenset[int]) -> tuple[int, int]:
    """Return where the body begins and ends: the contiguous lines with the largest sum of scores."""
    best, place, share = (0.0, 0, 0), 0, 1.0
    while place < len(lines):
        stop = next((i for i in range(place, len(lines)) if lines[i].kind is Kind.TEASERS), len(lines))
        worth = [-1.0 if i in others else lines[i].score for i in range(place, stop)]
        total, start, end = _largest_sum(worth)
        best = max(best, (total * share, place + start, place + end), key=lambda found: found[0])
        place, share = stop + 1, BEHIND_TEASERS
    return best[1], best[2]


def _largest_sum(worth: Sequence[float]) -> tuple[float, int, int]:
    """
    Return the contiguous stretch of *worth* with the largest sum, and that sum (J. Kadane's scan).

    A box within a text costs at most DEEPEST, so that it does not split the text, unless it goes on for too long.
    """
    best, running, start, dip = (0.0, 0, 0), 0.0, 0, 0.0
    for place, value in enumerate(worth):
        if running <= 0:
            running, start, dip = 0.0, place, 0.0
        if value >= 0:
            running, dip = running + value, 0.0
        else:
            running -= min(-value, max(DEEPEST - dip, 0.0) if dip - value <= LONGEST_DIP else -value)
            dip -= value
        if running > best[0]:
            best = (running, start, place + 1)
    return best


def _title(lines: Sequence[Line], start: int) -> int | None:
    """Return where the title stands: the repeated, else the last title-like line above the text, else its first."""
    above = [i for i in range(max(0, start - TITLE_WITHIN), start) if lines[i].is_title_like]
    telling = [i for i in above if lines[i].words >= 4 or len(lines[i].text) >= 25]
    if lines[start].is_title_like and not telling:
        return start
    seen = [SITE_NAME.sub("", line.text) for line in lines[:start]]
    repeated = [i for i in telling if seen.count(lines[i].text) > 1]
    return next((found[-1] for found in (repeated, telling, above) if found), None)


def _standfirst(lines: Sequence[Line], title_at: int, start: int) -> int:
    """Return where the text begins when a short first sentence below the title, too short to score, belongs to it."""
    below = range(title_at + 1, start)
    return next((i for i in below if lines[i].kind is Kind.TEXT and lines[i].is_sentence), max(start, title_at + 1))


def _facts(lines: Sequence[Line], start: int, end: int) -> list[int]:
    """Return the places where facts about the piece may stand: above its text, then in it, then below."""
    stop = next((i for i in range(end, len(lines)) if lines[i].kind is Kind.TEASERS), len(lines))
    return [*range(max(0, start - FACTS_WITHIN), end), *range(end, min(stop, end + FACTS_WITHIN))]


def _authors(lines: Sequence[Line], start: int, end: int) -> tuple[str, ...]:
    for place in _facts(lines, start, end):
        text = lines[place].text
        if lines[place].kind is not Kind.FACT:
            continue
        if phrases.AUTHOR_NEXT.fullmatch(text) and place + 1 < len(lines):
            text = f"by {lines[place + 1].text}"
        if match := phrases.AUTHOR.fullmatch(text):
            return tuple(phrases.BETWEEN_NAMES.split(match["authors"]))
    return ()


def _category(lines: Sequence[Line], start: int, end: int) -> str:
    for place in _facts(lines, start, end):
        if match := phrases.CATEGORY.fullmatch(lines[place].text):
            return re.split(r"\s*[,|/;]\s*", match["category"])[0]
    return ""


def _published(lines: Sequence[Line], start: int, end: int, fetched_at: datetime) -> datetime | None:
    for place in _facts(lines, start, end):
        if lines[place].kind is not Kind.FACT:
            continue
        match = phrases.AUTHOR.fullmatch(lines[place].text)
        if found := date_of((match["rest"] or "") if match else lines[place].text, fetched_at=fetched_at):
            return found
    return None


def _links(lines: Sequence[Line], others: frozenset[int], end: int, fetched_at: datetime) -> tuple[Teaser, ...]:
    """Return the pieces that the page points to: its lists of related pieces, then the teasers behind the text."""
    found = [Teaser(title=_inline(lines[i])) for i in sorted(others) if _inline(lines[i])]
    found += [Teaser(title=_bare(lines[i].text)) for i in sorted(others) if lines[i].kind is not Kind.LINKS]
    head = next((i for i in range(end, len(lines)) if lines[i].kind is Kind.TEASERS), len(lines))
    rest = [lines[i] for i in range(head, len(lines)) if i not in others]
    found += _teasers(rest, fetched_at)
    return tuple({link.title: link for link in found}.values())[:MOST_LINKS]


def _teasers(lines: Sequence[Line], fetched_at: datetime) -> list[Teaser]:
    """Return teasers as sites print them: a title, perhaps twice, a cut-off line of text, a time."""
    found: list[Teaser] = []
    closed = True
    for line in lines:
        if line.kind is Kind.TEASERS:
            if any(opening.fullmatch(line.text) for opening in phrases.COMMENTS_OPEN):
                break
            closed = True
        elif line.kind is Kind.FACT:
            if not closed and (when := date_of(line.text, fetched_at=fetched_at)):
                found[-1], closed = replace(found[-1], published=when), True
        elif line.kind in {Kind.TEXT, Kind.ITEM}:
            text = _bare(line.text)
            if line.is_title_like or line.kind is Kind.ITEM:
                if closed or text != found[-1].title:
                    found, closed = [*found, Teaser(title=cut(text, LONGEST_TITLE))], False
            elif not closed and not found[-1].summary:
                found[-1] = replace(found[-1], summary=text)
    return found


def _bare(text: str) -> str:
    """Return *text* without the bullet of a list."""
    match = phrases.ITEM.fullmatch(text)
    return match["item"] if match else text
