"""The Parquet lake: whether it can be written, and goes on."""

import os

from services.cli.checks.finding import Finding, fine, wrong
from services.cli.checks.scene import Scene, nearest


def lake(scene: Scene) -> Finding:
    """See that the lake's folder can be written."""
    folder = scene.settings.lake_folder
    above = nearest(folder)
    if not above.is_dir():
        return wrong("lake", f"{above} is no folder", "set PERPETUA_LAKE to one")
    if not os.access(above, os.W_OK | os.X_OK):
        fix = "give this user the right to, or set PERPETUA_LAKE"
        return wrong("lake", f"{above} can't be written", fix)
    there = folder if folder.exists() else f"{folder} is made by `perpetua export`"
    return fine("lake", str(there))
