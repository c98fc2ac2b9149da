"""From a filled MJML template to the HTML of a mail."""

import re

import jinja2
from mjml import mjml2html

from digest.errors import TemplateError
from digest.render.inline import inline
from digest.render.lint import refuse_faults

#: A reference to a sign beyond ASCII; those that markup is made of stay.
_REFERENCE = re.compile(r"&#(1[6-9]\d|[2-9]\d\d|[1-9]\d{3,6});")
#: Where a comment for Outlook ends and the next begins.
_SEAM = re.compile(r"<!\[endif\]--><!--\[if mso \| IE\]>")
_BREAK = re.compile(r"(?<=>)[ \t\r]*\n[ \t\r\n]*(?=<)")


def compile_markup(name: str, source: str, environment: jinja2.Environment) -> str:
    """
    Return the HTML of the MJML *source*, styles inlined; *environment* filled the template *name* with it.

    TemplateError when it is not well formed or uses what MJML does not know, for the compiler would let a typo
    through; it names the file and the line.
    """
    source = hardened(source)
    refuse_faults(name, source, environment)
    try:
        # No fonts: with the compiler's defaults, "Roboto" anywhere in a font stack adds a link to a third party.
        html: str = mjml2html(source, fonts={})
    except ValueError as fault:
        raise TemplateError(f"{name}: the MJML compiler says {fault}; mend the template") from fault
    # premailer and mail programs want it in capitals, or the mail would be laid out in quirks mode.
    return _light(inline(html.replace("<!doctype html>", "<!DOCTYPE html>", 1)))


def hardened(source: str) -> str:
    """
    Return *source* in ASCII without backslashes, both as character references.

    The compiler writes attributes with the quoting of its own language, which doubles backslashes and spells out
    characters such as U+200B; it passes references unharmed.
    """
    return source.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode()


def _light(html: str) -> str:
    """Return *html* with its signs written out, and without what no reader sees: line breaks, comments cut in two."""
    html = _REFERENCE.sub(lambda found: chr(int(found[1])), html)
    return _SEAM.sub("", _BREAK.sub("", html))
