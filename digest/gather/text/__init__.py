"""Text as publishers write it: decoded, without markup; dates, languages, summaries. Knows no feed and no page."""
