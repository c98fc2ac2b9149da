"""Where the links of a page lead, and what they are called."""

import re
from collections.abc import Iterator

from digest.links import is_this_machine, tracking_in
from digest.render.lint.finding import Finding, Rule, Severity, excerpt, told
from digest.render.lint.page import Element, Page, Yardstick, split, text_of
from digest.render.lint.refused import ACTING, scheme_of

_ABSOLUTE = ("https", "http", "mailto")
# A list of links, as screen readers offer it, says nothing where each is called "here" (WCAG 2.4.4).
_EMPTY_WORDS = frozenset(
    word.strip()
    for words in (
        "here, click here, more, read more, link, this link, continue, learn more",
        "ici, cliquez ici, plus, lire plus, lire la suite, en savoir plus, lien, ce lien",
        "hier, hier klicken, mehr, mehr lesen, weiter, weiterlesen, mehr erfahren, link, dieser link",
        "aquí, haz clic aquí, haga clic aquí, más, leer más, seguir leyendo, enlace, este enlace",
        "qui, clicca qui, più, altro, leggi, leggi di più, continua, collegamento",
        "aqui, clique aqui, mais, ler mais, leia mais, saiba mais, ligação",
        "klik hier, meer, lees meer, lees verder, meer lezen, deze link",
    )
    for word in words.split(",")
)
_PUNCTUATION = re.compile(r"[^\w ]+|_")


def targets(page: Page) -> Iterator[Finding]:
    """Tell of links that lead nowhere, or there in the open."""
    hrefs = [link.get("href", "").strip() for link in page.named("a", "area")]
    if relative := [href for href in hrefs if not _leads(href) and scheme_of(href) not in ACTING]:
        remedy = "make it an absolute https address"
        one, many = "a link leads to {example!r}", "{count} links lead to no web address, such as {example!r}"
        yield Finding(Severity.ERROR, Rule.LINK, f"{told(map(excerpt, relative), one, many)}; {remedy}", relative[0])
    if insecure := [href for href in hrefs if in_the_open(href, page.yardstick)]:
        one, many = "a link leads to {example} without https", "{count} links lead on without https, such as {example}"
        remedy = "anyone on the way can read along: use https where the site has it"
        message = f"{told(map(excerpt, insecure), one, many)}; {remedy}"
        yield Finding(Severity.WARNING, Rule.LINK, message, insecure[0])


def _leads(href: str) -> bool:
    scheme = scheme_of(href)
    return scheme == "mailto" or (scheme in _ABSOLUTE and bool(split(href).hostname))


def in_the_open(url: str, yardstick: Yardstick) -> bool:
    """Return whether *url* is read by http, and not on this machine, where we are ourselves."""
    if scheme_of(url) != "http":
        return False
    return not all(is_this_machine(split(each).hostname or "") for each in (url, yardstick.base_url))


def names(page: Page) -> Iterator[Finding]:
    """Tell of links that are called nothing, or nothing that says where they lead."""
    links = [(link, _name(link)) for link in page.named("a") if link.get("href") and not is_unsaid(link)]
    if silent := [link.get("href", "") for link, name in links if not name and link.find(".//img") is None]:
        one = "the link to {example} has no text; give it some"
        many = "{count} links have no text, such as the one to {example}; give them some"
        yield Finding(Severity.ERROR, Rule.LINK, told(map(excerpt, silent), one, many), silent[0])
    if vague := [(name, link) for link, name in links if _PUNCTUATION.sub("", name).strip().lower() in _EMPTY_WORDS]:
        one, many = "a link is called {example!r}", "{count} links have names that say nothing, such as {example!r}"
        message = f"{told([name for name, _ in vague], one, many)}; call it by what it leads to"
        yield Finding(Severity.WARNING, Rule.LINK, message, vague[0][1].get("href", ""))


def is_unsaid(link: Element) -> bool:
    """Return whether *link* is kept from screen readers and the keyboard, for another beside it leads there too."""
    return (link.get("aria-hidden"), link.get("tabindex")) == ("true", "-1")


def _name(link: Element) -> str:
    words = link.get("aria-label") or " ".join(
        [text_of(link), *(str(image.get("alt", "")) for image in link.iter("img"))]
    )
    return " ".join(words.replace("\N{ZERO WIDTH NON-JOINER}", " ").split())


def tracking(page: Page) -> Iterator[Finding]:
    """Tell of parameters by which third parties follow readers, unless the newsletter keeps them on purpose."""
    if page.yardstick.keeps_tracking:
        return
    addresses = [element.get("href", "") or element.get("src", "") for element in page.named("a", "area", "img")]
    followed = {url: f"{excerpt(url)} ({', '.join(names)})" for url in addresses if (names := _tracking_in(url))}
    if followed:
        one, many = "{example} tells third parties", "{count} addresses tell third parties, such as {example},"
        message = f"{told(followed.values(), one, many)} where the reader comes from; take the parameters out"
        yield Finding(Severity.WARNING, Rule.TRACKING, message, next(iter(followed)))


def _tracking_in(url: str) -> tuple[str, ...]:
    try:
        return tracking_in(url)
    except ValueError:
        return ()
