"""From a filled MJML template to the HTML of a mail."""

from mjml import mjml2html

from digest.errors import TemplateError
from digest.render.inline import inline
from digest.render.lint import Severity, lint_markup


def compile_markup(name: str, source: str) -> str:
    """
    Return the HTML of the MJML *source*, styles inlined; *name* is the template's, for messages.

    TemplateError when it is not well formed or uses what MJML does not know: the compiler would let a typo through.
    """
    source = _hardened(source)
    faults = [finding.message for finding in lint_markup(source) if finding.severity is Severity.ERROR]
    if faults:
        raise TemplateError(f"{name}: {'; '.join(faults)}")
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
