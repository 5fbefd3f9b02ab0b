"""Where the file actuator acts."""

from pathlib import Path

import pytest

from services.gate.file_actuator import FileActuator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "actions"


@pytest.fixture
def actuator(folder: Path) -> FileActuator:
    return FileActuator(folder)
