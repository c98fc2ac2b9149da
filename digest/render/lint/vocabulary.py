"""
The elements of MJML that a template may use, where they may stand, and their attributes.

The list is short on purpose: what is not here reads badly somewhere. Attributes are those of MJML 4 and 5
(documentation.mjml.io), but for ``position`` of mj-raw, which the compiler refuses.
"""

from collections.abc import Mapping

_COMMON = "css-class mj-class"
_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_BOX = f"{_COMMON} {_PADDING} container-background-color"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_LINK = "href name rel target title"
_ROW = (
    f"{_COMMON} {_PADDING} {_BORDER} background-color background-position background-position-x background-position-y "
    "background-repeat background-size background-url direction full-width text-align"
)
_INNER = (
    "inner-background-color inner-border inner-border-top inner-border-right inner-border-bottom inner-border-left "
    "inner-border-radius"
)

#: The attributes of each element.
ATTRIBUTES: Mapping[str, frozenset[str]] = {
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
        "mj-wrapper": f"{_ROW} gap",
        "mj-section": _ROW,
        "mj-group": f"{_COMMON} background-color direction vertical-align width",
        "mj-column": f"{_COMMON} {_PADDING} {_BORDER} {_INNER} background-color direction vertical-align width",
        "mj-text": f"{_BOX} {_FONT} align height vertical-align",
        "mj-button": (
            f"{_BOX} {_FONT} {_BORDER} {_LINK} align background-color height inner-padding text-align vertical-align "
            "width"
        ),
        "mj-image": (
            f"{_BOX} {_BORDER} {_LINK} align alt fluid-on-mobile font-size height max-height sizes src srcset usemap "
            "width"
        ),
        "mj-divider": f"{_BOX} align border-color border-style border-width width",
        "mj-spacer": f"{_BOX} height",
    }.items()
}
#: In mj-attributes, these two may carry any attribute of any element.
DEFAULTS: Mapping[str, frozenset[str]] = {
    tag: frozenset(attribute for attributes in ATTRIBUTES.values() for attribute in attributes) | {"name"}
    for tag in ("mj-all", "mj-class")
}
#: All names that an element may have.
NAMES = frozenset({*ATTRIBUTES, *DEFAULTS})

_PARENTS = {
    "mj-head mj-body": "mjml",
    "mj-title mj-preview mj-attributes mj-breakpoint mj-style": "mj-head",
    "mj-wrapper": "mj-body",
    "mj-section": "mj-body mj-wrapper",
    "mj-group": "mj-section",
    "mj-column": "mj-section mj-group",
    "mj-text mj-button mj-image mj-divider mj-spacer": "mj-column",
    "mj-raw": "mj-head mj-body mj-wrapper mj-section mj-group mj-column",
    "mj-all mj-class": "mj-attributes",
}
#: In which elements each may stand. In mj-attributes any may, to be given its defaults.
PARENTS: Mapping[str, tuple[str, ...]] = {
    tag: tuple(parents.split()) for tags, parents in _PARENTS.items() for tag in tags.split()
}
#: Elements that hold nothing but other elements of MJML; HTML or text there lands between the cells of a table.
STRUCTURE = ("mjml", "mj-head", "mj-attributes", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column")

#: What to do instead of elements that MJML has and this list has not.
INSTEAD: Mapping[str, str] = {
    "mj-table": 'write <table role="presentation"> into an mj-text',
    "mj-include": "use Jinja's include",
    "mj-font": "fonts of third parties tell them who reads; name fonts that readers have",
} | dict.fromkeys(
    (
        "mj-accordion",
        "mj-carousel",
        "mj-hero",
        "mj-html-attributes",
        "mj-navbar",
        "mj-social",
    ),
    "it does not read well everywhere; build it of mj-section, mj-column and mj-text",
)

#: HTML that mailboxes take out, or take a mail for an attack.
REFUSED = ("script", "form", "iframe", "object", "embed", "svg", "link", "base")
