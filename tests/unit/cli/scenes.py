"""What checks look at, as a test wants it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.cli.checks.scene import Machine, Scene
from services.settings import Settings


def scene(
    home: Path, machine: Machine | None = None, variables: Mapping[str, str] | None = None,
    **settings: Any,
) -> Scene:  # fmt: skip
    return Scene(Settings(home=home, **settings), machine or Machine(), variables or {})
