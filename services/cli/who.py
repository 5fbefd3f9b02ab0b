"""Who decides."""

from getpass import getuser


def operator() -> str:
    """Return who runs this command, as far as the machine knows, as an actor."""
    try:
        name = getuser()
    except (OSError, KeyError):
        name = "operator"
    return f"user:{name}"
