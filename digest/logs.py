"""Logs: events with fields on standard error, for people or for machines; never an address or a token."""

import logging
import re
import sys
from typing import Any, Literal, cast

import structlog

Logger = structlog.typing.FilteringBoundLogger

#: Libraries that tell more than anyone wants to read at "info".
_TALKATIVE = ("apscheduler", "alembic", "trafilatura", "htmldate", "uvicorn.access", "asyncio", "mail.log")
#: Begins where a word does and nowhere else, lest a word without end be read anew from each of its letters.
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:=/\[\]])[^\s<>\"'(),;:=/\[\]]+@[^\s<>\"'(),;:=/\[\]]+")
#: A payload and, behind a dot, the 43 signs of its HMAC-SHA256, as subscribers.tokens seals it.
_TOKEN = re.compile(r"(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[\w-]{43}(?![\w-])")


def configure(level: str = "info", style: Literal["text", "json"] = "text") -> None:
    """Send all logs, ours and the libraries', to standard error as *style*, from *level* upwards."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Both kinds of traceback would by default show the values of variables: addresses, tokens, passwords.
    ending: list[structlog.typing.Processor] = (
        [
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            _anonymous,
            structlog.processors.JSONRenderer(),
        ]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
            _anonymous,
        ]
    )
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def logger(name: str) -> Logger:
    """Return the logger called *name*."""
    return cast("Logger", structlog.get_logger(name))


def _anonymous(_logger: object, _method: str, told: Any) -> Any:
    """
    Return an event, or a finished line, without addresses and tokens.

    Ours hold none. What others raise may: PostgreSQL says of a broken rule which row broke it, a server repeats what it
    was told, and a traceback takes over both.
    """
    match told:
        case str():
            return without_names(told)
        case dict():
            return {name: _anonymous(None, "", value) for name, value in told.items()}
        case list() | tuple():
            return [_anonymous(None, "", value) for value in told]
        case None | bool() | int() | float():
            return told
    return without_names(repr(told))  # as the renderer would


def without_names(text: str) -> str:
    """Return *text*, which something that is not ours may have written, without addresses and tokens."""
    return _TOKEN.sub("…", _ADDRESS.sub("…@…", text) if "@" in text else text)
