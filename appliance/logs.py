"""How every process logs: a line an event, as text or with DARKROOM_LOG_FORMAT=json. No link, no secret."""

import logging
import sys

import structlog


def set_up(log_format: str) -> None:
    """Sends structlog and the standard library's loggers to standard output in `log_format` (text or json)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(key_order=["level", "event"], bool_as_flag=False)
    )
    structlog.configure(
        processors=[*shared, last],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stdout, format="level=%(levelname)s logger=%(name)s event=%(message)s"
    )


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
