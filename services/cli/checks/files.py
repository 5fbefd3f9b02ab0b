"""Where settings come from: files that are read and files that are not, variables, typos."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from services.cli.checks.finding import Finding, fine, warning
from services.cli.checks.scene import Scene
from services.cli.failures import DEBUG
from services.settings import FILE, Settings

PREFIX = "PERPETUA_"
_NOT_SETTINGS = (DEBUG, "PERPETUA_URL", "PERPETUA_TEST_DATABASE_URL", "PERPETUA_TEST_KAFKA")
"""Variables of ours that are no settings: of commands, of the client, of the tests."""
_CLOSE = 0.8
_SUFFIXES = (".toml", ".tml", ".tolm", ".yaml", ".yml", ".ini", ".conf", ".cfg")


def settings(scene: Scene) -> Finding:
    """Tell which files the settings are read from."""
    files = [str(path) for path in _read(scene)]
    return fine("settings", f"read from {', '.join(files) or 'no file, which is fine'}")


def files_twice(scene: Scene) -> Finding | None:
    """Warn of two files that say different things of one setting."""
    read = _read(scene)
    if len(read) < 2:
        return None
    kept, here = (_contents(path) for path in read)
    both = sorted(name for name in kept.keys() & here.keys() if kept[name] != here[name])
    if not both:
        return fine("files", "two, which contradict each other nowhere")
    found = f"{read[0]} and {read[1]} both set {', '.join(both)}: the latter counts"
    return warning("files", found, f"keep each in one of them, best in {read[0]}")


def files_unread(scene: Scene) -> Finding | None:
    """Warn of files that look like settings and are not read."""
    for folder in (scene.settings.home, Path()):
        for path in _lookalikes(folder):
            return warning(
                "unread", f"{path} looks like settings, and is not read", f"rename it to {FILE}"
            )
    dotenv = Path(".env")
    if dotenv.is_file() and any(
        line.startswith(PREFIX) for line in dotenv.read_text(errors="replace").splitlines()
    ):
        return warning(
            "unread", f"{dotenv} sets {PREFIX} variables, and is not read",
            f"export them, or put the settings into {FILE}",
        )  # fmt: skip
    return None


def variables(scene: Scene) -> Finding:
    """Warn of a variable that looks like a setting and is none."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    ours = [name for name in scene.variables if name.upper().startswith(PREFIX)]
    for name in sorted(ours):
        base = name.upper().partition("__")[0]
        if base in known or name in _NOT_SETTINGS:
            continue
        near = get_close_matches(base, known, 1, 0.6)
        fix = f"did you mean {near[0]}? Else unset it" if near else "unset it"
        return warning("variables", f"{name} is no setting, and does nothing", fix)
    return fine("variables", f"{len(ours)} set, all of them settings" if ours else "none set")


def suggestion(message: str) -> str:
    """Return what to do about a setting that was refused: correct it, or what may be meant.

    Args:
        message: as `SettingsError` says it: `setting NAME: ...`.
    """
    name = message.removeprefix("setting ").partition(":")[0]
    if "Extra inputs" not in message:
        return "correct it, or leave it out"
    near = get_close_matches(name.rpartition(".")[2], sorted(set(_names())), 1, 0.6)
    return f"did you mean {near[0]}? Else leave it out" if near else "leave it out"


def _names() -> Iterator[str]:
    waiting: list[Any] = [Settings]
    while waiting:
        for name, info in waiting.pop().model_fields.items():
            yield name
            if hasattr(info.annotation, "model_fields"):
                waiting.append(info.annotation)


def _read(scene: Scene) -> list[Path]:
    paths = [scene.settings.home / FILE, Path(FILE)]
    there = [path for path in paths if path.is_file()]
    if len(there) == 2 and there[0].samefile(there[1]):
        there.pop()
    return there


def _contents(path: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8"))


def _lookalikes(folder: Path) -> list[Path]:
    try:
        names = [each.name for each in folder.iterdir() if each.is_file()]
    except OSError:
        return []
    close = [name for name in names if name != FILE and _is_close(name)]
    return [folder / name for name in sorted(close)]


def _is_close(name: str) -> bool:
    stem, dot, suffix = name.lower().rpartition(".")
    own = FILE.partition(".")[0]
    return f"{dot}{suffix}" in _SUFFIXES and bool(get_close_matches(stem, [own], 1, _CLOSE))
