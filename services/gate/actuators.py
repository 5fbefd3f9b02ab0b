"""The one table of what carries out which tool. Only the gate builds from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from domain.ports import Actuator
from services.gate.file_actuator import FileActuator
from services.gate.reply_actuator import ReplyActuator
from services.gate.settings import Tool
from services.settings import Settings


class CheckedActuator(Actuator, Protocol):
    """An actuator that can say beforehand what it would refuse."""

    def refusal(self, target: str, arguments: dict[str, object]) -> str | None:
        """Tell why it would refuse these; None if it would try."""
        ...


Actuators = Mapping[str, CheckedActuator]
"""What carries out a tool, by its name."""


def actuators(settings: Settings) -> Actuators:
    """Build the actuators of all tools of the settings."""
    folder = settings.actions_folder
    return {name: _make(tool, folder) for name, tool in settings.gate.tools.items()}


def _make(tool: Tool, folder: Path) -> CheckedActuator:
    match tool.actuator:
        case "file":
            return FileActuator(folder, tool.file)
        case "reply":
            return ReplyActuator()
