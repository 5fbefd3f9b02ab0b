"""The example of a producer: what it prints, how it ends, and what it says where nothing comes."""

import json
import subprocess
import sys
from typing import Any

import pytest

from services.schemas import FOLDER
from tests.integration.api.serving import OPERATOR, persona
from tests.integration.ingest.conftest import House

EXAMPLE = FOLDER.parent.parent / "examples" / "producer.py"


def send(
    command: str, *arguments: str, token: str | None = OPERATOR
) -> subprocess.CompletedProcess[str]:
    """Run the example."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments, command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PERPETUA_TOKEN": token} if token else {},
    )


def spawn(**fields: Any) -> str:
    return json.dumps({"command": "spawn", **persona("by-example"), **fields})


def test_a_command_is_carried_out_once_and_its_reply_printed(kafka: str, house: House) -> None:
    command = spawn(command_id="by-example")
    first, again = (send(command, "--bootstrap", kafka) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == again.stdout
    assert json.loads(first.stdout)["body"]["identity"]["id"] == "by-example"


def test_a_command_that_is_refused_is_told_by_the_exit_status(kafka: str, house: House) -> None:
    done = send(spawn(), "--bootstrap", kafka, token="nobody's")
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == 401


def test_what_is_no_command_is_told_to_be_a_dead_letter(kafka: str, house: House) -> None:
    done = send(spawn(command="spwan"), "--bootstrap", kafka, "--wait-secs", "1")
    assert done.returncode == 1
    assert "see perpetua.dead-letters" in done.stderr


@pytest.mark.parametrize(
    ("command", "token", "said"),
    [
        (spawn(), None, "set PERPETUA_TOKEN"),
        ("{", OPERATOR, "argument command: no JSON"),
        ("[]", OPERATOR, "argument command: a command is a JSON object"),
    ],
)
def test_what_can_not_be_sent_is_said_in_a_line(command: str, token: str | None, said: str) -> None:
    done = send(command, token=token)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
