"""Whatever goes wrong is one line on standard error: what it is and what to do."""

import os
import sys
import traceback
from typing import Final

BAD: Final = 2
"""Exit code: bad settings or input, a taken port, a server out of reach, a refusal."""
INTERRUPTED: Final = 130
"""Exit code: ended by Ctrl-C or a signal, 128 + SIGINT."""
BROKEN_PIPE: Final = 141
"""Exit code: who read our output is gone, 128 + SIGPIPE."""
DEBUG: Final = "PERPETUA_DEBUG"
"""Variable that shows where an unexpected error came from."""


class Failure(Exception):
    """The command can't go on; the message says why and what to do."""


def tell(error: BaseException) -> int:
    """Print the one line of an error; return the exit code."""
    print(f"perpetua: {_line(error)}", file=sys.stderr)  # noqa: T201  a line for people
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    return BAD


def _line(error: BaseException) -> str:
    text = " ".join(_reason(error).split())
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _reason(error: BaseException) -> str:
    """Say what is wrong. What is imported here makes nobody wait who has made no mistake."""
    if isinstance(error, Failure):
        return str(error)
    from domain.errors import DomainError
    from services.bus.errors import BusError
    from services.cli.checks.files import suggestion
    from services.inputs.errors import UnreadableInput
    from services.lake.errors import LakeError
    from services.settings import SettingsError
    from services.store.errors import StoreUnavailable

    if isinstance(error, SettingsError):
        return f"{error}; {suggestion(str(error))}"
    if isinstance(error, UnreadableInput | StoreUnavailable | BusError | LakeError):
        return str(error)
    if isinstance(error, DomainError):
        return f"refused: {error.message}"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; make room or give access, then try again"
    name = type(error).__name__
    return f"unexpected {name}: {error or 'no reason given'}; set {DEBUG}=1 to see where"
