"""The home folder: whether it can be written, by us alone, and whether there is room."""

import os
import stat

import psutil

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene, nearest

LITTLE_BYTES = 2_000_000_000
"""Room below which a warning is due."""
TOO_LITTLE_BYTES = 200_000_000
"""Room below which PostgreSQL soon stops."""
_IN_MEMORY = ("tmpfs", "ramfs")


def home(scene: Scene) -> Finding:
    """See that the home folder can be written, and by nobody else."""
    folder = scene.settings.home
    if not folder.exists():
        above = nearest(folder)
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            found = f"{folder} can't be made: {above} can't be written"
            return wrong("home", found, "give this user the right to, or set PERPETUA_HOME")
        return fine("home", f"{folder} is made at the first start")
    if not folder.is_dir():
        return wrong("home", f"{folder} is no folder", "set PERPETUA_HOME to one")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK | os.X_OK):
        return wrong("home", f"{folder} can't be written", "give this user the right to")
    if mode & 0o022:
        return wrong("home", f"others may write {folder}", f"chmod go-w {folder}")
    return fine("home", f"{folder}, mode {mode:o}")


def disk(scene: Scene) -> Finding:
    """See that there is room where the home folder is."""
    folder = nearest(scene.settings.home)
    free = scene.machine.free_disk(folder)
    said = f"{free / 1e9:,.1f} GB free at {folder}"
    fix = "make room, or move the home folder and set PERPETUA_HOME"
    if free < TOO_LITTLE_BYTES:
        return wrong("disk", said, fix)
    return warning("disk", said, fix) if free < LITTLE_BYTES else fine("disk", said)


def lasting(scene: Scene) -> Finding | None:
    """Warn of a home folder that is gone with the next start of the machine."""
    folder = nearest(scene.settings.home).resolve()
    inside = [
        each for each in psutil.disk_partitions(all=True) if folder.is_relative_to(each.mountpoint)
    ]
    kind = max(inside, key=lambda each: len(each.mountpoint)).fstype if inside else ""
    if kind not in _IN_MEMORY:
        return None
    found = f"{folder} is in memory ({kind}): all is lost when the machine stops"
    return warning("lasting", found, "set PERPETUA_HOME to a folder on a disk")
