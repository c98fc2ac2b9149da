"""The fixed words of the mails in the reader's language: gettext catalogues beside the templates."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations

from digest.errors import SettingsError, TemplateError

FOLDER = "languages"
#: The phrases stand in the templates in this one.
_OURS = "en"


def locale(language: str) -> Locale:
    """Return the customs of *language*, a BCP 47 tag; SettingsError when it is none."""
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError) as fault:
        raise SettingsError([f'language is "{language}"; give a tag such as "en" or "de-AT"']) from fault


def is_known(language: str) -> bool:
    """Return whether *language* is a BCP 47 tag whose customs are known."""
    try:
        locale(language)
    except SettingsError:
        return False
    return True


def translations(directories: Sequence[Path], language: str) -> NullTranslations:
    """
    Return the words of *language* from the folders ``languages`` in *directories*; the first that has a phrase wins.

    The catalogue of a country (``pt-PT.po``) comes before that of its language (``pt.po``). What none of them has is
    English. TemplateError when a catalogue cannot be read.
    """
    found = NullTranslations()
    for path in catalogues(directories, language):
        found.add_fallback(_read(path, path.stat().st_mtime_ns))
    return found


def spoken(directories: Sequence[Path], language: str) -> str | None:
    """
    Return the tag by which we speak *language*, a BCP 47 tag or the beginning of one; None when we do not.

    We speak English, and whatever the folders ``languages`` in *directories* have a catalogue of.
    """
    for tag in dict.fromkeys((language, language.partition("-")[0])):
        try:
            locale(tag)
        except SettingsError:
            continue  # a part of it is no custom that we know; what stands before it may be
        if tag.partition("-")[0] == _OURS or catalogues(directories, tag):
            return tag
    return None


def catalogues(directories: Sequence[Path], language: str) -> list[Path]:
    """Return the files that hold words of *language*, those that win first."""
    tags = dict.fromkeys((language, language.partition("-")[0]))
    paths = (directory / FOLDER / f"{tag}.po" for tag in tags for directory in directories)
    return [path for path in paths if path.is_file()]


@lru_cache(maxsize=64)
def _compiled(path: Path, _changed: int) -> bytes:
    """Return the catalogue at *path* as gettext reads it."""
    try:
        with path.open("rb") as file:
            catalogue: Catalog = read_po(file, abort_invalid=True)
    except (PoFileError, ValueError, UnicodeDecodeError) as fault:
        raise TemplateError(f"{FOLDER}/{path.name}: {fault}; mend the catalogue") from fault
    binary = BytesIO()
    write_mo(binary, catalogue)
    return binary.getvalue()


def _read(path: Path, changed: int) -> Translations:
    return Translations(BytesIO(_compiled(path, changed)))
