"""What an editor should know before a page goes out, and what no template may do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html

#: Mailboxes show no more than this of a mail, and hide the unsubscribe link with the rest.
CLIPPED_AT = 104_448
#: From here on an Edition should be shortened.
BUDGET = 92_160

_COMMON = "css-class mj-class"
_BOX = f"{_COMMON} padding padding-top padding-right padding-bottom padding-left"
_FRAME = f"{_BOX} background-color border border-top border-right border-bottom border-left border-radius"
_TYPE = f"{_BOX} align color font-family font-size font-style font-weight letter-spacing line-height text-decoration"
_ALLOWED: dict[str, frozenset[str]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "mjml": "lang dir owa",
        "mj-head": "",
        "mj-title": "",
        "mj-preview": "",
        "mj-attributes": "",
        "mj-breakpoint": "width",
        "mj-style": "inline",
        "mj-raw": "",
        "mj-body": f"{_COMMON} background-color width",
        "mj-wrapper": f"{_FRAME} full-width text-align",
        "mj-section": f"{_FRAME} full-width direction text-align",
        "mj-group": f"{_COMMON} background-color direction vertical-align width",
        "mj-column": f"{_FRAME} direction vertical-align width",
        "mj-text": f"{_TYPE} height text-transform",
        "mj-button": f"{_TYPE} background-color border border-radius height href inner-padding rel target title width",
        "mj-image": f"{_FRAME} align alt fluid-on-mobile height href rel src target title width",
        "mj-divider": f"{_BOX} align border-color border-style border-width width",
        "mj-spacer": f"{_COMMON} height",
    }.items()
}
#: Below mj-attributes any of these may carry any of its attributes; mj-all and mj-class may carry all.
_ANY = frozenset(attribute for attributes in _ALLOWED.values() for attribute in attributes) | {"name"}
_FORBIDDEN = ("script", "form", "iframe", "object", "embed", "svg", "link", "base")


class Severity(StrEnum):
    """How bad a finding is."""

    #: The mail would be broken, unsafe or clipped.
    ERROR = "error"
    #: The mail goes out, but some readers get less than they should.
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a page; the message names the thing, the fact and the remedy."""

    severity: Severity
    message: str


def lint_markup(source: str) -> tuple[Finding, ...]:
    """Return what is wrong with the MJML *source*: bad XML, what MJML does not know, @import."""
    try:
        root = etree.fromstring(source.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as fault:
        return (Finding(Severity.ERROR, f"it is not well formed ({fault.msg}); close and quote everything"),)
    findings = [_unknown(element) for element in root.iter(etree.Element)]
    if "@import" in source:
        findings.append("a style sheet has @import, which mailboxes drop; write the rules out")
    return tuple(Finding(Severity.ERROR, message) for message in findings if message)


def lint_page(html: str) -> tuple[Finding, ...]:
    """Return what is wrong with the finished *html* of a mail: size, pictures, links, what mailboxes refuse."""
    root = lxml_html.document_fromstring(html)
    findings = [
        *_size(len(html.encode())),
        *(_refused(tag) for tag in _FORBIDDEN if root.find(f".//{tag}") is not None),
        *(finding for image in root.iter("img") for finding in _picture(image)),
        *_insecure([image.get("src", "") for image in root.iter("img")]),
        *(finding for link in root.iter("a") for finding in _link(link)),
    ]
    return tuple(dict.fromkeys(findings))


def _unknown(element: etree._Element) -> str:
    """Return what MJML does not know of *element*, or nothing; it keeps quiet about such things itself."""
    tag, parent = str(element.tag), element.getparent()
    if tag in _FORBIDDEN:
        return _refused(tag).message
    if not tag.startswith("mj"):
        return ""
    is_default = parent is not None and parent.tag == "mj-attributes"
    if is_default and tag in {"mj-all", "mj-class"}:
        allowed = _ANY
    elif tag in _ALLOWED:
        allowed = _ALLOWED[tag]
    else:
        return f"<{tag}> is no element of MJML, or not one for mails that must read well everywhere; mend its name"
    strange = sorted(str(name) for name in element.attrib if name not in allowed)
    return f"<{tag}> has no attribute {', '.join(strange)}; mend the name" if strange else ""


def _refused(tag: str) -> Finding:
    return Finding(Severity.ERROR, f"<{tag}> is refused by mailboxes; take it out")


def _size(size: int) -> Iterator[Finding]:
    if size > CLIPPED_AT:
        yield Finding(
            Severity.ERROR, f"the mail has {size:,} bytes; mailboxes clip it at {CLIPPED_AT:,}: drop the lowest stories"
        )
    elif size > BUDGET:
        yield Finding(Severity.WARNING, f"the mail has {size:,} bytes of {BUDGET:,}; drop the lowest stories")


def _picture(image: lxml_html.HtmlElement) -> Iterator[Finding]:
    missing = [name for name in ("alt", "width", "height") if name not in image.attrib]
    if missing:
        yield Finding(
            Severity.ERROR, f"the picture {image.get('src', '')} has no {' and no '.join(missing)}; give them"
        )


def _insecure(sources: Sequence[str]) -> Iterator[Finding]:
    open_ones = list(dict.fromkeys(source for source in sources if urlsplit(source).scheme != "https"))
    if open_ones:
        which = f"the picture {open_ones[0]} does" if not open_ones[1:] else f"{len(open_ones)} pictures do"
        those = "it" if not open_ones[1:] else f"them, such as {open_ones[0]}"
        yield Finding(Severity.WARNING, f"{which} not come by https; many readers will not see {those}")


def _link(link: lxml_html.HtmlElement) -> Iterator[Finding]:
    target = link.get("href", "")
    if not target.startswith(("https://", "http://", "mailto:")):
        yield Finding(Severity.ERROR, f"a link leads to {target!r}; make it an absolute https address")
    if not link.text_content().strip() and link.find(".//img") is None:
        yield Finding(Severity.ERROR, f"the link to {target} has no text; give it some")
