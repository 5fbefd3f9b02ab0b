"""`up` and `watch` on a real terminal: what is seen, and how the terminal is left."""

import json
import os
import re
import signal
import time
from pathlib import Path

import psutil

from tests.e2e.process import EXAMPLE, PERPETUA, Perpetua, until
from tests.e2e.terminal import LEFT, Pane, pane

UP = ("up", "--port", "0")


def ctrl_c(shown: Pane) -> None:
    shown.type(b"\x03")


def twice(shown: Pane) -> None:
    shown.type(b"\x03")
    shown.type(b"\x03")


def term(shown: Pane) -> None:
    shown.process.send_signal(signal.SIGTERM)


def left_clean(shown: Pane) -> None:
    assert shown.raw.endswith(LEFT) or LEFT in shown.raw[-300:], shown.raw[-300:]
    assert shown.modes == shown.modes_before


def test_up_shows_who_thinks_what_waits_and_what_is_supposed_at_any_size(
    perpetua: Perpetua,
) -> None:
    with pane(perpetua, *UP, EXAMPLE) as up:
        text = up.shows(
            "WAITING FOR YOU  5", "Deny 127.61.14.203", "root-thinker", "└ watch-", "1,520",
            "passed", "http://127.0.0.1:", "LATEST", "waits for input",
        )  # fmt: skip
        assert len(re.findall(r"waiting   perpetua approve \w{8}: Deny 127\.", text)) == 5
        up.resize(60, 15)
        text = up.shows("WAITING FOR YOU  5", "PERSONAS", "HYPOTHESIS", "INPUTS", "LATEST")
        assert len(text.splitlines()) == 15
        up.resize(160, 50)
        up.shows("never succeeded", "THOUGHTS")
        up.type(b"keys that nobody asked for\r")
        [short_id] = re.findall(r"high +\d+[smh] +(\w{8}) +Deny 127\.61", up.text)
        perpetua("approve", "--yes", short_id)
        up.shows("WAITING FOR YOU  4", "executed")
        assert "keys that nobody" not in up.text
        assert up.end(ctrl_c) == 0
        left_clean(up)
        assert up.text.splitlines()[0] == "Ended in good order."


def test_another_terminal_shows_the_same(perpetua: Perpetua) -> None:
    assert "start it" in perpetua.refused("watch")
    with perpetua.up(EXAMPLE) as up, pane(perpetua, "watch", NO_COLOR="1") as watch:
        watch.shows("WAITING FOR YOU  5", "└ watch-", "1,520", "waits for input")
        assert not re.search(rb"\x1b\[[\d;]*3[0-7]m", watch.raw)
        told = perpetua.json("watch")
        assert (told["waiting"], told["live"], len(told["approvals"])) == (5, 2, 5)
        once = perpetua("watch", "--once").stdout
        assert "\x1b" not in once
        for each in told["approvals"]:
            assert each["proposal_id"][-8:] in once
        assert up.interrupt() < 20
        watch.shows("`perpetua up` does not run on this home", "WAITING FOR YOU  5")
        assert watch.end(ctrl_c) == 0
        left_clean(watch)


def test_where_there_is_no_unicode_none_is_drawn_and_a_kill_leaves_the_terminal_as_it_was(
    perpetua: Perpetua,
) -> None:
    with pane(perpetua, *UP, EXAMPLE, PYTHONUTF8="0", PYTHONIOENCODING="ascii") as up:
        up.shows("WAITING FOR YOU  5", "` watch-")
        assert up.raw.isascii()
        assert up.end(term) == 0
        left_clean(up)


def test_plain_lines_where_they_are_wanted_or_somebody_else_has_the_terminal(
    perpetua: Perpetua,
) -> None:
    in_the_background = 'set -m; "$0" up --port 0 & wait'
    with pane(perpetua, "-c", in_the_background, PERPETUA, command="bash") as shell:
        shell.shows("spawned   root-thinker")
        assert b"\x1b[?1049h" not in shell.raw
        os.kill(json.loads((perpetua.home / "up.json").read_text())["pid"], signal.SIGTERM)
        shell.shows("Ended in good order.")
    with pane(perpetua, *UP, "--plain") as up:
        up.shows("serving", "decide")
        assert b"\x1b[?1049h" not in up.raw
        assert up.end(term) == 0


def test_a_frozen_terminal_holds_nothing_up_and_a_stopped_one_is_given_back(
    perpetua: Perpetua, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    log.touch()
    with pane(perpetua, *UP, log) as up:
        up.shows("PERSONAS", "root-thinker")
        up.type(b"\x1a")
        until(lambda: psutil.Process(up.process.pid).status() == psutil.STATUS_STOPPED, "stopped")
        until(lambda: LEFT in up.raw, "given back")
        os.kill(up.process.pid, signal.SIGCONT)
        up.shows("PERSONAS", "root-thinker")
        up.freeze()
        for number in range(30):
            up.resize(100 + number % 2, 30)  # each time all of it is drawn
            time.sleep(0.05)
        log.write_text("x\n" * 50)
        until(lambda: perpetua.json("watch")["sources"][0]["lines"] == 50, "it reads on")
        up.thaw()
        up.shows("a.log", "50")
        assert up.end(twice) in {0, 130}
        left_clean(up)
