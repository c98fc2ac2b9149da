"""Read one page that somebody has at hand: HTML, or the plain text of a page."""

import re
from datetime import datetime
from pathlib import Path

from digest.gather.files import read_bytes
from digest.gather.pages import dump, page
from digest.gather.pages.extracted import Extracted
from digest.gather.text.decode import decode
from digest.gather.text.language import detect

HTML = re.compile(r"(?:\s|<\?[^>]*>|<!--.*?-->)*+<(?:!doctype\s+html|[a-z][a-z0-9]*)\b", re.IGNORECASE | re.DOTALL)


def extract_file(source: Path | bytes, *, fetched_at: datetime, url: str = "") -> Extracted:
    """
    Return the article in *source*, a file (``.gz`` too) or its content, read as HTML when it begins with a tag.

    Its language is what the page says, else what the text looks like.
    Raises UnreadableInput when the file cannot be read or holds no article.
    """
    content = read_bytes(source) if isinstance(source, Path) else source
    text = decode(content)
    read = page.extract if HTML.match(text) else dump.extract
    found = read(text, url=url, fetched_at=fetched_at)
    return found.in_language(detect(f"{found.title} {found.body}"), "text")
