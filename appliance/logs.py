"""How every process logs: a line an event, as text or with DARKROOM_LOG_FORMAT=json. No link, no secret.

A line about a file has its id as `asset`, in every process from the link to the delivery.
"""

import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog

from appliance import recent

OURS = ("processors", "storage", "appliance")
OTHERS: dict[str, Any] = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"handlers": [], "propagate": True}},
}
"""Takes from granian its own way to log, so that its lines are like all others."""

# What must never be in a line, should an error's text bring it along: signatures and credentials of links, tickets,
# keys, tokens, and passwords within addresses.
_SECRET = re.compile(
    r"((?:x-amz-signature|x-amz-credential|x-amz-security-token|policy|ticket|login)(?:=|%3D)|bearer +|://[^/\s:@\"]*:)"
    r"[^\s&@\"'\\]+"
    r"|\b(dk_|whsec_|eyJ)[\w.=+/-]{16,}",
    re.IGNORECASE,
)


def masked(line: str) -> str:
    """`line` without what looks like a secret."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2] or ''}[hidden]", line)


def set_up(log_format: str, level: str = "info") -> None:
    """Sends structlog and the standard library's loggers to standard output in `log_format` (text or json).

    level: debug, info, warning or error. Of packages that are not ours only warnings are logged.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, _renderer(log_format)]
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    foreign: list[Any] = [*shared, structlog.stdlib.add_logger_name, structlog.stdlib.PositionalArgumentsFormatter()]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=[remove, *last]))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(number)
    logging.captureWarnings(True)
    sys.excepthook = _last_words


def _renderer(log_format: str) -> structlog.typing.Processor:
    rendered = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(key_order=["level", "event"], bool_as_flag=False)
    )

    def render(logger: Any, name: str, event: structlog.typing.EventDict) -> str:
        level, at, what, by = (event.get(key) for key in ("level", "timestamp", "event", "by"))
        line = masked(str(rendered(logger, name, event)))
        recent.keep(level, at, masked(str(what)), line, by)
        return line

    return render


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("ended by an error", exc_info=(kind, error, trace))


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
