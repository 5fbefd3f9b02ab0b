"""The prompts: files under `services/cognition/prompts/`, each with its version in the first line.

They are sent with that line, so that the hash of a prompt in an event covers it.
"""

from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "prompts"
NAMES: Final = ("rules", "observe", "reflect", "test", "compress", "answer", "repair", "spawned")


@cache
def template(name: str) -> str:
    """Return the text of a prompt."""
    return (FOLDER / f"{name}.md").read_text("utf-8").strip()
