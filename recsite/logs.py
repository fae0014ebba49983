"""Structured logs, as text for people or JSON for machines; error reports by Sentry."""

import logging.config
import re
from typing import Any

import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured

#: Who has one of these addresses can act for somebody else, or read what is theirs.
_TOKENS = re.compile(
    r"(\b(?:accounts/password/reset/key|accounts/confirm-email|accounts/invitation|digest/stop"
    r"|lists|feeds|join)/)[^/\s\"'?#]+"
)

_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, level: str, json: bool) -> None:
    """Send all logs to standard error, as JSON lines or as readable text.

    Raises `ImproperlyConfigured` if LOG_LEVEL is not a level of the standard library.
    """
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}."
        )
    renderer = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": _SHARED,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        _without_tokens,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
        }
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def hide_tokens(value: Any) -> Any:
    """The same text, list or mapping without the tokens of secret addresses."""
    if isinstance(value, str):
        return _TOKENS.sub(r"\1…", value)
    if isinstance(value, dict):
        return {key: hide_tokens(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_tokens(item) for item in value]
    return value


def start_error_reports(dsn: str) -> None:
    """Report errors to Sentry, without personal data; does nothing without a DSN."""
    if dsn:
        sentry_sdk.init(
            dsn=dsn,
            send_default_pii=False,
            before_send=lambda event, hint: hide_tokens(event),
            before_send_transaction=lambda event, hint: hide_tokens(event),
        )


def _without_tokens(
    logger: Any, method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    return {name: hide_tokens(value) for name, value in event.items()}
