"""What readers are born with: the reading modules, and the model of languages, which takes long to load."""

from digest.gather import bodies, resizing
from digest.gather.text.language import detect

__all__ = ["bodies", "resizing"]

detect("Any text that is long enough to tell its language.")
