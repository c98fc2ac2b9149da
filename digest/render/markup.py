"""From a filled MJML template to the HTML of a mail."""

import jinja2
from mjml import mjml2html

from digest.errors import TemplateError
from digest.render.inline import inline
from digest.render.lint import refuse_faults


def compile_markup(name: str, source: str, environment: jinja2.Environment) -> str:
    """
    Return the HTML of the MJML *source*, styles inlined; *environment* filled the template *name* with it.

    TemplateError when it is not well formed or uses what MJML does not know, for the compiler would let a typo
    through; it names the file and the line.
    """
    source = _hardened(source)
    refuse_faults(name, source, environment)
    try:
        # No fonts: with the compiler's defaults, "Roboto" anywhere in a font stack adds a link to a third party.
        html: str = mjml2html(source, fonts={})
    except ValueError as fault:
        raise TemplateError(f"{name}: the MJML compiler says {fault}; mend the template") from fault
    return inline(html)


def _hardened(source: str) -> str:
    """
    Return *source* in ASCII without backslashes, both as character references.

    The compiler writes attributes with the quoting of its own language, which doubles backslashes and spells out
    characters such as U+200B; it passes references unharmed.
    """
    return source.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode()
