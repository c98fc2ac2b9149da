"""Pages that list articles: what is taken from them, in whichever way they are laid out, and what is left."""

from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import Feed
from digest.gather.listings import index
from digest.model.newsletter import Selectors

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
URL = "https://aldmere.example/news/"
FRAME = """
<header class="site-header"><a href="/"><img src="/logo.png" alt="The Aldmere Post"></a>
  <nav><ul><li><a href="/politics">Politics</a></li><li><a href="/local-news-and-views">Local news and views</a></li>
  <li><a href="/business/markets-and-money">Markets and money</a></li></ul></nav></header>"""
FOOT = """
<div class="pagination"><a href="/news/?page=2">Older stories of this section</a></div>
<footer><a href="/2019/01/02/how-we-report-and-correct-mistakes">How we report and correct our mistakes</a>
  <a href="/privacy">Privacy</a><a href="https://partner.example/the-finest-shoes-of-the-season">The finest shoes</a>
</footer>"""
TITLES = (
    "Harbour bridge opens after four years of delay",
    "Council votes to keep the night buses running",
    "Dream",
    "Brackwater floods: what the engineers found",
)


def page(body: str, *, lang: str = "en", head: str = "") -> bytes:
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{FRAME}{body}{FOOT}</body></html>'.encode()


def read(body: bytes, *, url: str = URL, selectors: Selectors | None = None) -> Feed:
    return index.read(body, url=url, content_type="text/html", fetched_at=NOW, selectors=selectors or Selectors())


def titles(feed: Feed) -> list[str]:
    return [entry.title for entry in feed.entries]


def slug(title: str) -> str:
    return "-".join("".join(sign if sign.isalnum() else " " for sign in title.lower()).split())


PLAIN_LIST = "<ul>" + "".join(f'<li><a href="/2026/{slug(t)}">{t}</a></li>' for t in TITLES) + "</ul>"
CARDS = "".join(
    f"""<article class="card"><a href="/news/{slug(t)}-10{n}23"><img src="/img/{n}.jpg" width="640" alt=""></a>
    <a class="kicker" href="/topics/region">Region</a>
    <h3 class="card__title"><a href="/news/{slug(t)}-10{n}23">{t}</a></h3>
    <p>What is known so far about story number {n}, told in one plain sentence for the page.</p>
    <a class="author" href="/authors/ada-quill-the-reporter">Ada Quill, our reporter</a>
    <time datetime="2026-11-22T1{n}:00:00+01:00">22 Nov</time>
    <a href="/news/{slug(t)}-10{n}23#comments">{n} comments</a></article>"""
    for n, t in enumerate(TITLES)
)
READ_MORE = "".join(
    f"""<div class="teaser"><span>Region</span><h3>{t}</h3><p>Some words about story {n}.</p>
    <a class="more" href="/p/1002{n}">Read more</a></div>"""
    for n, t in enumerate(TITLES)
)
WHOLE_CARD = "".join(
    f"""<div class="tile"><a href="/stories/{slug(t)}"><picture><source srcset="/w/{n}.webp 1x">
    <img src="data:image/gif;base64,R0" data-src="/w/{n}.jpg"></picture>
    <div><h2>{t}</h2><p>A teaser that tells a little more about number {n}, no less.</p>
    <span class="tile-date">{n + 2} hours ago</span></div></a></div>"""
    for n, t in enumerate(TITLES)
)
FLAT = "".join(
    f"""<h2><a href="/blog/{slug(t)}">{t}</a></h2><p class="date">1{n} November 2026</p>
    <p>A first paragraph of the post about number {n}, which is long enough to be a teaser.</p>"""
    for n, t in enumerate(TITLES)
)


@pytest.mark.parametrize(
    "layout", [PLAIN_LIST, CARDS, READ_MORE, WHOLE_CARD, FLAT], ids=["list", "cards", "more", "tile", "flat"]
)
def test_every_article_is_found_once_and_nothing_else_however_the_page_is_laid_out(layout: str) -> None:
    found = read(page(f"<main>{layout}</main>"))

    assert titles(found) == list(TITLES)
    assert len({entry.link for entry in found.entries}) == len(TITLES)


def test_a_card_gives_teaser_date_and_picture() -> None:
    first = read(page(f"<main>{CARDS}</main>")).entries[0]

    assert first.link == "https://aldmere.example/news/harbour-bridge-opens-after-four-years-of-delay-10023"
    assert first.guid == first.link
    assert first.summary == "What is known so far about story number 0, told in one plain sentence for the page."
    assert first.published == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert first.image == "https://aldmere.example/img/0.jpg"
    assert first.language == "en"


def test_a_picture_that_is_loaded_late_and_an_age_in_words_are_read() -> None:
    second = read(page(f"<main>{WHOLE_CARD}</main>")).entries[1]

    assert second.image == "https://aldmere.example/w/1.jpg"
    assert second.published == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_in_a_flat_list_date_and_teaser_after_a_title_are_its_own() -> None:
    found = read(page(f"<div class='content'>{FLAT}</div>"))

    assert [entry.published and entry.published.day for entry in found.entries] == [10, 11, 12, 13]
    assert all(f"number {n}," in entry.summary for n, entry in enumerate(found.entries))


def test_the_day_in_an_address_dates_an_article_that_has_no_other_date() -> None:
    listing = "".join(f'<li><a href="/2026/11/2{n}/{slug(t)}">{t}</a></li>' for n, t in enumerate(TITLES))

    found = read(page(f"<ul>{listing}</ul>"))

    assert [entry.published and entry.published.day for entry in found.entries] == [20, 21, 22, 23]


def test_the_links_of_a_link_aggregator_lead_to_other_sites() -> None:
    rows = "".join(
        f"""<tr class="athing"><td class="rank">{n}.</td><td class="title"><span class="line">
        <a href="https://paper{n}.example/2026/{slug(t)}">{t}</a>
        <span>(<a href="from?site=paper{n}.example">paper{n}.example</a>)</span>
        </span></td></tr><tr><td></td><td class="subtext"><span class="score">88 points</span> by
        <a href="user?id=quill{n}">quill{n}</a> <span class="age" title="2026-11-2{n}T04:00:00 179523">
        <a href="item?id=4310{n}2">{n + 1} hours ago</a></span> | <a href="hide?id=4310{n}2">hide</a> |
        <a href="item?id=4310{n}2">1{n}7 comments</a></td></tr>"""
        for n, t in enumerate(TITLES)
    )

    found = read(page(f"<center><table><tr><td><table>{rows}</table></td></tr></table></center>"))

    assert titles(found) == list(TITLES)
    assert found.entries[0].link == "https://paper0.example/2026/harbour-bridge-opens-after-four-years-of-delay"
    assert [entry.published and entry.published.day for entry in found.entries] == [20, 21, 22, 23]


def test_partners_beside_our_own_articles_are_left_out() -> None:
    partners = "".join(
        f'<li><a href="https://shop{n}.example/the-finest-shoes-of-{n}">The finest shoes of the week {n}</a></li>'
        for n in range(5)
    )

    found = read(page(f"<main>{CARDS}</main><aside><ul>{partners}</ul></aside>"))

    assert titles(found) == list(TITLES)


@pytest.mark.parametrize(
    ("lang", "headlines"),
    [
        ("ja", ["港の橋が四年遅れで開通、市民が祝う", "市議会が深夜バスの継続を可決した", "洪水の原因を技術者が説明"]),
        ("ru", ["Мост в гавани открыли после задержки", "Совет сохранил ночные автобусы", "Инженеры нашли причину"]),
        ("de", ["Hafenbrücke nach vier Jahren eröffnet", "Stadtrat behält die Nachtbusse", "Was die Flut brachte"]),
    ],
)  # fmt: skip
def test_articles_are_found_in_any_script(lang: str, headlines: list[str]) -> None:
    body = "".join(f'<section><h2><a href="/a/{90000 + n}">{t}</a></h2></section>' for n, t in enumerate(headlines))

    found = read(page(f"<main>{body}</main>", lang=lang))

    assert titles(found) == headlines
    assert {entry.language for entry in found.entries} == {lang}


@pytest.mark.parametrize("selector", ["a.story", "li.item", "li.item span"])
def test_a_selector_may_choose_links_or_what_holds_them_or_what_they_hold(selector: str) -> None:
    body = "".join(
        f'<li class="item"><a href="/x{n}">more</a><a class="story" href="/{n}"><span>{t}</span></a></li>'
        for n, t in enumerate(TITLES[:2])
    )

    found = read(page(f"<ul>{body}</ul><ul>{CARDS}</ul>"), selectors=Selectors(links=selector))

    assert [(entry.title, entry.link) for entry in found.entries] == [
        (TITLES[0], "https://aldmere.example/0"),
        (TITLES[1], "https://aldmere.example/1"),
    ]


def test_what_a_selector_removes_is_not_read() -> None:
    found = read(page(f'<main>{CARDS}</main><div class="old">{PLAIN_LIST}</div>'), selectors=Selectors(remove=".old"))

    assert len(found.entries) == len(TITLES)


def test_links_count_from_the_base_that_a_page_names() -> None:
    relative = PLAIN_LIST.replace('href="/', 'href="')

    found = read(page(relative, head='<base href="https://www.aldmere.example/archive/">'))

    assert found.entries[0].link.startswith("https://www.aldmere.example/archive/2026/harbour")


def test_a_page_tells_its_own_name() -> None:
    head = '<title>News | Aldmere</title><meta property="og:site_name" content="The Aldmere Post">'

    assert read(page(PLAIN_LIST, head=head)).title == "The Aldmere Post"
    assert read(page(PLAIN_LIST, head="<title>News | Aldmere</title>")).title == "News | Aldmere"


def test_at_most_a_hundred_are_taken() -> None:
    body = "".join(f'<li><a href="/news/story-of-the-day-{n}">Story of the day number {n}</a></li>' for n in range(300))

    assert len(read(page(f"<ul>{body}</ul>")).entries) == 100


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (page("<p>Nothing here but words.</p>"), "without links to articles"),
        (b"", "empty"),
        (b'<rss version="2.0"><channel/></rss>', "is a feed, not a page"),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "is a sitemap, not a page"),
        (b"<html><body>" + b"<div>" * 500_000, "without links to articles"),
        (b"<html><body>" + b"<p>x" * 100_000, "too many"),
    ],
    ids=["words", "empty", "feed", "sitemap", "deep", "wide"],
)
def test_what_lists_no_articles_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(UnreadableInput, match=words):
        read(body)


def test_a_selector_that_fits_no_more_is_named() -> None:
    with pytest.raises(UnreadableInput, match=r"selector links = 'a\.gone' still fits"):
        read(page(CARDS), selectors=Selectors(links="a.gone"))


@pytest.mark.parametrize("words", ["more " + "a" * 5_000 + "! b c d e", "1" * 100_000 + "!"], ids=["words", "digits"])
def test_a_title_made_to_be_hard_to_judge_holds_nobody_up(words: str) -> None:
    feed = read(page(f'<h2><a href="/news/the-ferry-sails-again-4711">{words}</a></h2>'))

    assert len(feed.entries) == 1


def test_links_without_a_web_address_are_passed_over() -> None:
    odd = "".join(
        f'<li><a href="{href}">A story that cannot be opened</a></li>'
        for href in ("javascript:void(0)", "mailto:ana@desk.example", "http://[::1", "#top", "tel:123")
    )

    assert titles(read(page(f"<ul>{odd}</ul>{PLAIN_LIST}"))) == list(TITLES)
