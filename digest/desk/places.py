"""Where in a Draft a finding of the lint is to be mended."""

from digest.links import Links, without_tracking
from digest.model.draft import Draft, Story
from digest.render.lint import Finding
from digest.render.view import web_address


class Places:
    """The Stories of one Draft by the addresses that their mail shows."""

    def __init__(self, draft: Draft, links: Links) -> None:
        self._keys: dict[str, str] = {}
        for story in draft.stories:
            for url in _addresses(story, links):
                self._keys.setdefault(url, story.key)

    def of(self, finding: Finding) -> str:
        """Return the key of the Story that *finding* is about; empty where it is about none, or about all."""
        return self._keys.get(finding.place, "")


def _addresses(story: Story, links: Links) -> set[str]:
    printed = {web_address(url) for url in (story.url, *(link.url for link in story.also))}
    if story.picture is not None:
        printed |= {web_address(story.picture.url), *(links.picture(copy.sha256) for copy in story.picture.copies)}
    return (printed | {without_tracking(url) for url in printed}) - {""}
