"""`perpetua ask`: put a question to a persona; print its answer and what that rests on."""

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import Home, Json, again, settings_of
from services.cli.personas import PATH

if TYPE_CHECKING:
    from services.cli.fabric import Fabric

NOT_ANSWERED: Final = 1
"""Exit code: the gate refused the answer, or it failed."""
PENDING: Final = 3
"""Exit code: no answer within the time."""
STDIN: Final = "-"
LONGEST_WAIT_SECS: Final = 86_400
_WAIT_AT_ONCE_SECS: Final = 30.0
"""How long one request waits: well within the time a client gives an answer."""
_MOST_BYTES: Final = 1_000_000
"""Most that is read of standard input: far more than the longest question."""
_SHOWN_CHARS: Final = 200


def ask(
    persona_id: Annotated[
        str, typer.Argument(metavar="PERSONA", help="Its id, or enough of either end of it.")
    ],
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What to ask; - reads standard input.")
    ],
    wait: Annotated[
        float,
        typer.Option(
            "--wait", metavar="SECS", min=0, max=LONGEST_WAIT_SECS, help="How long to wait."
        ),
    ] = 30,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Ask a persona, while `perpetua up` runs; print its answer and the memories it rests on.

    Exit code 0: answered. 1: the gate refused the answer, or it failed. 2: it could not be asked.
    3: no answer yet; the question stays, and is answered when its persona comes to it.
    """
    from services.cli.fabric import asked_of_up

    text = _text(question)
    settings = settings_of(home)
    with screen.waiting("Waiting for the answer"):
        told = asked_of_up(settings, lambda fabric: _answered(fabric, persona_id, text, wait))
    if as_json:
        screen.print_json(told)
    else:
        _show(told, str(home) if home else None)
    if told["status"] != "answered":
        raise typer.Exit(PENDING if told["status"] == "pending" else NOT_ANSWERED)


def _text(question: str) -> str:
    """Return the question as text, whatever bytes came; of standard input what may be one."""
    if question == STDIN:
        given = sys.stdin.buffer.read(_MOST_BYTES)
    else:
        given = question.encode(errors="surrogateescape")
    return given.decode(errors="replace").strip()


async def _answered(fabric: "Fabric", part: str, question: str, wait: float) -> dict[str, Any]:
    """Ask, and return how the question stands once it is settled, or the time is up."""
    until = time.monotonic() + wait
    persona_id = await fabric.whole_id("persona", PATH, part)
    path = f"{PATH}/{quote(persona_id, safe='')}"
    body = {"question": question, "wait_secs": min(wait, _WAIT_AT_ONCE_SECS)}
    told: dict[str, Any] = await fabric.post(f"{path}/ask", body)
    while told["status"] == "pending" and (left := until - time.monotonic()) > 0:
        question_path = f"{path}/questions/{told['question_id']}"
        try:
            told = await fabric.get(question_path, wait=min(left, _WAIT_AT_ONCE_SECS))
        except Failure as lost:  # `up` has ended; what was asked is kept
            return told | {"detail": str(lost)}
    return told


def _show(told: Mapping[str, Any], home: str | None) -> None:
    proposal_id = told["proposal_id"]
    if told["status"] == "answered":
        screen.show(screen.visible(told["answer"], keep="\n"))
        _show_memories(told)
    else:
        screen.show(screen.said(f"{_IN_WORDS[told['status']]}: {told['detail']}"))
    if proposal_id:
        screen.show("", f"Why: {again('why', proposal_id, home=home)}")
    elif told["status"] == "pending":
        screen.show(screen.said(f"The question stays open: {told['question_id']}"))


_IN_WORDS: Final = {
    "pending": "No answer yet",
    "refused": "The gate refused the answer",
    "failed": "There will be no answer",
}


def _show_memories(told: Mapping[str, Any]) -> None:
    if not told["memories"]:
        return
    listed = screen.table("IT RESTS ON", "")
    for each in told["memories"]:
        text = " ".join(each["text"].split())
        more = f" (and {screen.count(each['left_out'], 'line')} more)" if each["left_out"] else ""
        short = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."
        listed.add_row(screen.said(each["ref"]), screen.said(f"{short}{more}"))
    screen.show("", listed)
