"""What `journalctl -o json` prints (systemd.journal-fields(7)), as syslog has it.

`TIME HOST UNIT[PID]: MESSAGE`, with `error:` or `warning:` before a message of such a priority.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.formats.entry import entry_of, told

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = "__REALTIME_TIMESTAMP"
_LEVELS: Final = {"0": "error", "1": "error", "2": "error", "3": "error", "4": "warning"}
"""Priority to what a message of it is."""


def is_entry(entry: dict[str, Any]) -> bool:
    """Tell whether a JSON object is an entry of a journal."""
    return _TIME in entry or ("MESSAGE" in entry and "_BOOT_ID" in entry)


def read(lines: Sequence[str]) -> Iterator[str]:
    """Return each line as it is to be read."""
    for line in lines:
        entry = entry_of(line)
        yield line if entry is None or not is_entry(entry) else _read(entry)


def _read(entry: dict[str, Any]) -> str:
    name = _first(entry, "SYSLOG_IDENTIFIER", "_COMM") or _first(
        entry, "_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "UNIT"
    ).removesuffix(".service")
    pid = _first(entry, "SYSLOG_PID", "_PID")
    who = f"{name or 'journal'}[{pid}]:" if pid else f"{name or 'journal'}:"
    level = _LEVELS.get(_text(entry.get("PRIORITY")))
    parts = (_time(entry), _first(entry, "_HOSTNAME"), who, f"{level}:" if level else "")
    return told(" ".join(part for part in parts if part), _text(entry.get("MESSAGE")))


def _time(entry: dict[str, Any]) -> str:
    micros = _first(entry, "_SOURCE_REALTIME_TIMESTAMP", _TIME)
    try:
        moment = _EPOCH + timedelta(microseconds=int(micros))
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat(timespec="microseconds")


def _first(entry: dict[str, Any], *names: str) -> str:
    """Return the first of some fields that says something, as one word."""
    return next((found for name in names if (found := "".join(_text(entry.get(name)).split()))), "")


def _text(value: Any) -> str:
    """Return a field's text: it may be bytes (a list of numbers), said several times, or absent."""
    if isinstance(value, list) and not _is_bytes(value):
        return " ".join(map(_said_once, value))
    return _said_once(value)


def _said_once(value: Any) -> str:
    if _is_bytes(value):
        return bytes(value).decode(errors="replace")
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _is_bytes(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, int) and 0 <= each < 256 for each in value)
    )
