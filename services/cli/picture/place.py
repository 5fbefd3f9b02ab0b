"""What whoever draws a picture knows of this machine."""

from pathlib import Path

from services.cli.options import again
from services.cli.picture.parts import Place
from services.settings import Settings
from services.tokens import OPERATOR_FILE


def place_of(settings: Settings, url: str, home: str | None) -> Place:
    """Return where to look and what to type; `home` is the folder given as a flag."""
    kept = f"token in {short_path(settings.home / OPERATOR_FILE)}"
    token = "token: the one that was set" if settings.token else kept
    return Place(url, token, again("approve", home=home))


def short_path(path: Path) -> str:
    """Return a path as people write it, their own home folder as `~`."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
