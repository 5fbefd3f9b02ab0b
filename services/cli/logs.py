"""Logs: one event a line. All of it as JSON in a file, what matters on standard error too."""

import json
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, TextIO

FILE: Final = "perpetua.log"
FILE_BYTES: Final = 10_000_000
FILES_KEPT: Final = 3
_CLIENTS: Final = ("kafka", "psycopg")
"""Loggers of what speaks to Kafka and to PostgreSQL."""
_CALLERS: Final = ("httpx", "httpx2")
"""Loggers that tell of every call there is: a model's would push all else out of the files."""
_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


class _AsLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = [f"{name}={value}" for name, value in _extras(record).items()]
        if record.exc_info and record.exc_info[1]:
            told.append(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
        line = " ".join(["perpetua:", record.getMessage(), *told])
        return "".join(char if char.isprintable() else " " for char in line)[:2_000]


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> Any:
        return open(self.baseFilename, "a", opener=_private, encoding="utf-8")


class _OnStandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at that moment: a live picture takes its place."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def log_lines() -> None:
    """Send warnings to standard error, a line each; the rest nowhere.

    What clients of Kafka or PostgreSQL warn of is for the log file: what matters, we say ourselves.
    """
    handler = _OnStandardError()
    handler.setLevel(logging.WARNING)
    handler.addFilter(_is_ours)
    handler.setFormatter(_AsLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def log_to_file(home: Path) -> None:
    """Keep a log under the home folder as well.

    Raises:
        OSError: it can't be written.
    """
    log_lines()
    handler = _PrivateFile(home / FILE, maxBytes=FILE_BYTES, backupCount=FILES_KEPT)
    handler.setFormatter(_AsJson())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _CALLERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] not in _CLIENTS


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _USUAL}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
