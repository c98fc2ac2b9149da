"""Valid nouns; a test writes only what matters to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def config_text(
    *,
    database_url: str,
    base_url: str = "http://127.0.0.1:8025",
    folder: str = "news",
    smtp_port: int = 2525,
    zone: str = "Europe/Berlin",
    at: str = "07:00",
    more: str = "",
    more_site: str = "",
    more_top: str = "",
) -> str:
    """Return a config.toml with one newsletter that reads one folder, made here if need be."""
    return f"""
[site]
base_url = "{base_url}"
state = "state"
{more_site}

[database]
url = "{database_url}"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
timeout_seconds = 5

{more_top}

[[newsletter]]
slug = "morning"
title = "The Morning"
sender = "The Morning <morning@news.example.org>"
postal_address = "1 Example Street, Exampleton"
at = "{at}"
zone = "{zone}"
minimum_stories = 1
{more}

[[newsletter.source]]
folder = "{folder}"
section = "World"
"""


def write_feed(
    folder: Path,
    *items: tuple[str, str],
    published: datetime = NOW - timedelta(hours=2),
    name: str = "a.xml",
    summary: str = "what is known so far, told in one plain sentence for the morning",
) -> Path:
    """Write an RSS file of (title, link) items, each with its title and *summary*, to *folder*; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = published.strftime("%a, %d %b %Y %H:%M:%S +0000")
    entries = "".join(
        f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{stamp}</pubDate>"
        f"<description>{title}: {summary}.</description></item>"
        for title, link in items
    )
    path = folder / name
    path.write_text(
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{entries}</channel></rss>',
        encoding="utf-8",
    )
    return path
