"""
Settings: config.toml and the environment, checked once, frozen.

Takes   the path of a config.toml, and variables that begin with ``DIGEST__``.
Gives   Settings, or one SettingsError that names every fault with its place, value and remedy.
Touches the file and the secret files that it names.
"""

from digest.settings.load import Settings, load

__all__ = ["Settings", "load"]
