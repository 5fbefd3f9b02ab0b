"""Commands answer the same over HTTP and from the store; they decide on exactly what they show."""

import os
import pty
import time
from pathlib import Path
from select import select
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.process import PATIENCE_SECS, PERPETUA, Perpetua, Up

QUESTION = b"[y/N]: "
"""Its last space comes from what reads the answer."""
HEADINGS = ["found", "proposed"]
OF_THE_MINUTE = {
    "tokens_this_window", "compute_ms_this_window", "window_started_at", "credits_left",
}  # fmt: skip
READING = ("personas --all", "lineage", "proposals --waiting --limit 2", "attention --all")


@pytest.mark.timeout(600)  # so many commands, one after the other
def test_over_http_and_from_the_store_the_answers_are_the_same(digested: Perpetua) -> None:
    newest = digested.json("proposals", "--limit", "1")[0]["id"]
    commands = [*READING, f"why {newest}"]
    from_store = [whenever(digested.json(*command.split())) for command in commands]
    database = digested.env["PERPETUA_DATABASE_URL"]
    thoughtless = Perpetua(digested.home, database, PERPETUA_COGNITION_ENABLED="false")
    with thoughtless.up():
        over_http = [whenever(digested.json(*command.split())) for command in commands]
        assert digested.json("status")["url"]
    assert over_http == from_store
    assert digested.json("status")["url"] is None


def whenever(told: Any) -> Any:
    """Leave out what is another the next minute."""
    if isinstance(told, list):
        return [whenever(each) for each in told]
    if isinstance(told, dict):
        return {name: whenever(each) for name, each in told.items() if name not in OF_THE_MINUTE}
    return told


def test_what_is_believed_and_shared_is_shown(digested: Perpetua) -> None:
    [first, *_] = digested.json("beliefs")
    said = digested("beliefs").stdout
    assert first["belief_key"] in said
    assert f"{first['confidence']:.2f}" in said
    board = digested("blackboard", first["swarm_id"]).stdout
    assert [line for line in board.splitlines() if line in HEADINGS] == HEADINGS
    assert first["status"] == "archived", "who held it has ended"
    assert first["claim"] in said
    assert digested("attention", "--swarm", "none").stdout == "Nothing needs a look.\n"
    assert "swarm not found" in digested.refused("blackboard", "nowhere")


def test_without_a_terminal_nothing_is_approved_unasked(
    digested: Perpetua, proposal_ids: list[str]
) -> None:
    assert "say --yes" in digested.refused("approve", proposal_ids[0])
    assert digested.json("proposal", proposal_ids[0])["stage"] == "waiting"


def test_yes_approves_what_is_shown_and_it_runs(
    digested: Perpetua, proposal_ids: list[str], deny_list: Path
) -> None:
    newest = proposal_ids[0]
    arguments = digested.json("proposal", newest)["action"]["arguments"]
    said = digested("approve", newest[-12:], "--yes").stdout
    assert "executed: success, approved by user:operator" in said
    assert "Failed password" in said, "the cited lines are shown"
    assert arguments["line"] in deny_list.read_text()
    again = digested("approve", newest, "--yes", code=2)
    assert "no approval is due: the proposal is executed" in again.stderr
    assert deny_list.read_text().count(arguments["line"]) == 1


def test_on_a_terminal_it_is_shown_and_asked(
    digested: Perpetua, proposal_ids: list[str], deny_list: Path
) -> None:
    first = proposal_ids[-1]
    line = digested.json("proposal", first)["action"]["arguments"]["line"]
    code, said = on_a_terminal(digested, "approve", first, answer=b"n\n")
    assert (code, line in said, "Not approved" in said) == (1, True, True)
    assert "let it run: file.append on deny.list" in said
    assert not deny_list.exists() or line not in deny_list.read_text()
    code, said = on_a_terminal(digested, "approve", first[-8:], answer=b"y\n")
    assert code == 0
    assert line in deny_list.read_text()


def test_ctrl_c_at_the_question_approves_nothing(
    digested: Perpetua, proposal_ids: list[str]
) -> None:
    code, _ = on_a_terminal(digested, "approve", proposal_ids[0], answer=b"\x03")
    assert code == 130
    assert digested.json("proposal", proposal_ids[0])["stage"] == "waiting"


def test_rejecting_keeps_the_reason(digested: Perpetua, proposal_ids: list[str]) -> None:
    assert "rejected: Deny" in digested("reject", proposal_ids[0], "--reason", "a test host").stdout
    told = digested.json("proposal", proposal_ids[0])
    assert (told["stage"], told["reasons"]) == ("rejected", ["a test host"])
    assert "refused: " in digested.refused("reject", proposal_ids[0])


@pytest.mark.parametrize("command", ["proposal", "approve", "reap"])
def test_an_id_nobody_has_is_named(digested: Perpetua, command: str) -> None:
    arguments = ["--yes"] if command == "approve" else []
    assert "there is no p" in digested.refused(command, "0000-nobody", *arguments)


def test_part_of_an_id_that_fits_several_is_refused(digested: Perpetua) -> None:
    common = digested.json("proposals", "--limit", "1")[0]["id"][:8]  # of one minute
    assert "type more of the proposal's id" in digested.refused("proposal", common)


def test_a_persona_is_paused_resumed_and_reaped_with_all_below_it(
    digested: Perpetua, serving: Up
) -> None:
    with serving.client() as client:
        for persona_id, parent in (("top", None), ("below", "top")):
            body = {"persona_id": persona_id, "parent_id": parent, "name": "N", "role": "r"}
            client.post("/v1/swarm/personas", json=body | {"charter": "c"}).raise_for_status()
    assert "paused (manual)" in digested("pause", "below").stdout
    assert "is active" in digested("resume", "below").stdout
    token = digested("token", "below").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=serving.url, headers=headers, trust_env=False) as agent:
        assert agent.get("/v1/swarm/personas/below").is_success
        assert agent.get("/v1/swarm/personas/top").status_code == 403
    assert digested("reap", "top", "--cascade").stdout == "reaped below, top\n"
    tree = digested("lineage").stdout
    assert "top  N, reaped (manual)" in tree
    assert "below  N, reaped (cascade)" in tree


def test_what_personas_write_cannot_command_the_terminal(digested: Perpetua, serving: Up) -> None:
    nasty = "\x1b[2J\x1b]0;owned\x07 \u202egnol \u2066 [red]x[/red] \x9b31m"
    with serving.client() as client:
        body = {"persona_id": "nasty", "name": nasty, "role": "r", "charter": "c"}
        client.post("/v1/swarm/personas", json=body).raise_for_status()
        intent = {"title": nasty, "rationale": nasty, "risk": "low", "evidence_refs": []}
        made = client.post("/v1/swarm/personas/nasty/proposals", json=intent)
        made.raise_for_status()
    for command in ("personas", "lineage", "proposals", f"proposal {made.json()['id']}"):
        said = digested(*command.split()).stdout
        assert "[red]x[/red]" in said
        assert r"\x1b[2J" in said
        assert not [char for char in said if not char.isprintable() and char != "\n"]


def test_a_token_up_does_not_know_is_explained(digested: Perpetua, serving: Up) -> None:
    stranger = Perpetua(digested.home, digested.env["PERPETUA_DATABASE_URL"])
    stranger.env["PERPETUA_TOKEN"] = "x" * 20
    assert "set PERPETUA_TOKEN" in stranger.refused("status")


def on_a_terminal(perpetua: Perpetua, *arguments: str, answer: bytes) -> tuple[int, str]:
    """Run on a terminal of its own, answer the question; return exit code and what was shown.

    It is answered once the process sleeps in wait for it: of a Ctrl-C that comes before, between
    the question and the reading of the answer, Python would take note when the reading ends only.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PERPETUA, [str(PERPETUA), *arguments], perpetua.env | {"TERM": "dumb"})
    process, said, answered = psutil.Process(pid), b"", False
    deadline = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < deadline:
        if not select([terminal], [], [], 0.05)[0]:
            if not answered and said.endswith(QUESTION) and process.status() == "sleeping":
                os.write(terminal, answer)
                answered = True
            continue
        try:
            said += os.read(terminal, 65_536)
        except OSError:  # so a terminal ends
            break
    else:
        process.kill()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said.decode().replace("\r\n", "\n")
