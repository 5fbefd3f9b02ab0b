"""Appending: each line once, whatever a crash left, and nothing of anybody else's touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.gate.file_actuator import NOTES, FileActuator
from services.gate.intent import Intent, write_intent

KEYS = [f"01985d4e-0000-7000-8000-{n:012d}" for n in range(10)]
LINE = "192.0.2.7"
WHOLE = f"{LINE} # perpetua:{KEYS[0]}\n".encode()
BEFORE = {
    "no file": None,
    "an empty file": b"",
    "lines of a person": b"10.0.0.1\n10.0.0.2 # mine\n",
    "a person's unfinished line": b"10.0.0.1\n192.0.2",
    "a beginning that looks like ours": b"10.0.0.1\n192.0.2.7 # perp",
    "zeros of a person": b"10.0.0.1\n\0\0",
}


def append(actuator: FileActuator, key: str = KEYS[0], line: str = LINE) -> str:
    return actuator.act("deny.list", {"line": line}, key).outcome


def crash(folder: Path, before: bytes | None, left: bytes, payload: bytes) -> None:
    """Leave what a process leaves that is killed in its write, or a machine without power."""
    (folder / NOTES).mkdir(parents=True, exist_ok=True)
    for note in (folder / NOTES).iterdir():
        note.unlink()
    file = folder / "deny.list"
    file.write_bytes(before or b"")
    FileActuator(folder).was_done("deny.list", KEYS[1])  # makes the note's file
    (note_path,) = (folder / NOTES).iterdir()
    descriptor = os.open(note_path, os.O_RDWR)
    write_intent(descriptor, Intent(KEYS[0], len(before or b""), payload.decode()))
    os.close(descriptor)
    file.write_bytes((before or b"") + left)


def payload_after(before: bytes | None) -> bytes:
    return (b"\n" if before and not before.endswith(b"\n") else b"") + WHOLE


def test_a_line_is_appended_with_its_key(actuator: FileActuator, folder: Path) -> None:
    assert actuator.was_done("deny.list", KEYS[0]) is None
    acted = actuator.act("deny.list", {"line": LINE}, KEYS[0])
    assert acted.outcome == "success"
    assert acted.result == {"file": "deny.list", "line": LINE, "already_there": False}
    assert (folder / "deny.list").read_bytes() == WHOLE
    assert actuator.was_done("deny.list", KEYS[0]) is not None
    assert actuator.was_done("deny.list", KEYS[1]) is None


def test_the_same_key_appends_once(actuator: FileActuator, folder: Path) -> None:
    assert append(actuator) == "success"
    again = actuator.act("deny.list", {"line": "another"}, KEYS[0])
    assert (again.outcome, again.result["already_there"]) == ("success", True)
    assert (folder / "deny.list").read_bytes() == WHOLE


def test_a_tool_with_a_file_of_its_own_appends_to_that_whatever_the_target(folder: Path) -> None:
    actuator = FileActuator(folder, "notifications.log")
    assert actuator.act("../../etc/passwd", {"line": "hello"}, KEYS[0]).outcome == "success"
    assert actuator.was_done("anything", KEYS[0])
    assert [p.name for p in folder.iterdir() if p.name != NOTES] == ["notifications.log"]


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
def test_what_was_there_stays_and_the_line_stands_alone(
    before: bytes | None, actuator: FileActuator, folder: Path
) -> None:
    folder.mkdir(parents=True)
    if before is not None:
        (folder / "deny.list").write_bytes(before)
    assert append(actuator) == "success"
    assert (folder / "deny.list").read_bytes() == (before or b"") + payload_after(before)


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
def test_a_line_torn_at_any_byte_is_mended_and_nothing_else_is_touched(
    before: bytes | None, actuator: FileActuator, folder: Path
) -> None:
    payload = payload_after(before)
    for cut in range(len(payload) + 1):
        crash(folder, before, payload[:cut], payload)
        done = actuator.was_done("deny.list", KEYS[0])
        assert (done is not None) == (cut == len(payload)), cut
        assert append(actuator) == "success"
        assert (folder / "deny.list").read_bytes() == (before or b"") + payload, cut


def test_zeros_where_a_line_should_be_are_a_torn_line(actuator: FileActuator, folder: Path) -> None:
    for cut in range(len(WHOLE)):
        for left in (WHOLE[:cut] + bytes(len(WHOLE) - cut), bytes(cut) + WHOLE[cut:]):
            if left == WHOLE:
                continue
            crash(folder, b"mine\n", left, WHOLE)
            assert actuator.was_done("deny.list", KEYS[0]) is None
            assert append(actuator) == "success"
            assert (folder / "deny.list").read_bytes() == b"mine\n" + WHOLE


def test_another_action_mends_what_was_torn_before_it_appends(
    actuator: FileActuator, folder: Path
) -> None:
    for cut in range(1, len(WHOLE)):
        crash(folder, b"mine\n", WHOLE[:cut], WHOLE)
        assert append(actuator, KEYS[1], "198.51.100.1") == "success"
        other = f"198.51.100.1 # perpetua:{KEYS[1]}\n".encode()
        assert (folder / "deny.list").read_bytes() == b"mine\n" + other
        assert append(actuator) == "success"
        assert (folder / "deny.list").read_bytes() == b"mine\n" + other + WHOLE


def test_what_a_person_wrote_behind_a_torn_line_is_not_touched(
    actuator: FileActuator, folder: Path
) -> None:
    for cut in range(1, len(WHOLE)):
        crash(folder, b"mine\n", WHOLE[:cut] + b"10.0.0.9\n", WHOLE)
        assert append(actuator) == "success"
        found = (folder / "deny.list").read_bytes()
        assert found == b"mine\n" + WHOLE[:cut] + b"10.0.0.9\n" + WHOLE


def test_what_a_person_wrote_behind_zeros_is_not_touched(
    actuator: FileActuator, folder: Path
) -> None:
    left = bytes(len(WHOLE)) + b"10.0.0.9\n"
    crash(folder, b"mine\n", left, WHOLE)
    assert append(actuator) == "success"
    assert (folder / "deny.list").read_bytes() == b"mine\n" + left + WHOLE


def test_a_line_a_person_cut_short_after_it_was_done_is_theirs(
    actuator: FileActuator, folder: Path
) -> None:
    append(actuator)
    (folder / "deny.list").write_bytes(b"192.0.2.7")
    assert append(actuator, KEYS[1], "b") == "success"
    assert (folder / "deny.list").read_bytes().startswith(b"192.0.2.7\nb # perpetua:")


@pytest.mark.parametrize("torn", [b"", b"\0", b"garbage", b"0" * 64 + b" {", b"x" * 100_000])
def test_a_note_that_was_itself_torn_is_as_none(
    torn: bytes, actuator: FileActuator, folder: Path
) -> None:
    crash(folder, b"mine\n", b"", WHOLE)
    (note,) = (folder / NOTES).iterdir()
    note.write_bytes(torn)
    assert append(actuator) == "success"
    assert (folder / "deny.list").read_bytes() == b"mine\n" + WHOLE


def test_a_shorter_note_over_a_longer_one_is_read_whole(
    actuator: FileActuator, folder: Path
) -> None:
    crash(folder, b"", b"", f"{'x' * 3_000} # perpetua:{KEYS[0]}\n".encode())
    (note,) = (folder / NOTES).iterdir()
    descriptor = os.open(note, os.O_RDWR)
    write_intent(descriptor, Intent(KEYS[0], 0, WHOLE.decode()))
    os.close(descriptor)
    (folder / "deny.list").write_bytes(WHOLE[:5])
    assert append(actuator) == "success"
    assert (folder / "deny.list").read_bytes() == WHOLE


def test_without_its_note_a_torn_line_is_known_by_its_mark(
    actuator: FileActuator, folder: Path
) -> None:
    folder.mkdir(parents=True)
    file = folder / "deny.list"
    for cut in range(WHOLE.index(b"perpetua:") + len(b"perpetua:"), len(WHOLE)):
        file.write_bytes(b"mine\n" + WHOLE[:cut])
        assert append(actuator) == "success"
        assert file.read_bytes() == b"mine\n" + WHOLE, cut


def test_without_its_note_the_longest_torn_line_is_known_and_a_longer_one_is_not_ours(
    actuator: FileActuator, folder: Path
) -> None:
    folder.mkdir(parents=True)
    file = folder / "deny.list"
    mark = b" # perpetua:" + KEYS[5].encode()[:35]
    for length, ours in ((4_096, True), (4_200, False)):
        file.write_bytes(b"mine\n" + b"x" * length + mark)
        assert append(actuator) == "success"
        left = b"" if ours else b"x" * length + mark + b"\n"
        assert file.read_bytes() == b"mine\n" + left + WHOLE
    longest = b"mine\n" + b"x" * 4_096 + WHOLE[len(LINE) :]
    file.write_bytes(longest[:-1])
    assert append(actuator) == "success"
    assert file.read_bytes() == longest


def test_a_key_is_looked_for_at_the_end_of_a_line_only(
    actuator: FileActuator, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "deny.list").write_bytes(WHOLE[:-1] + b" and more\n")
    assert actuator.was_done("deny.list", KEYS[0]) is None


def test_a_key_is_found_anywhere_in_a_long_file(actuator: FileActuator, folder: Path) -> None:
    folder.mkdir(parents=True)
    file = folder / "deny.list"
    chunk = 1 << 20
    for place in (0, 5, chunk - 10, chunk, chunk + 7, 3 * chunk - 60):
        size = 3 * chunk
        text = bytearray(b"x" * size)
        text[place : place + len(WHOLE)] = WHOLE
        file.write_bytes(bytes(text[:size]))
        assert actuator.was_done("deny.list", KEYS[0]) is not None, place


def test_a_refused_line_changes_nothing(actuator: FileActuator, folder: Path) -> None:
    for arguments in ({"line": "a\nb"}, {}, {"line": "a", "more": 1}):
        acted = actuator.act("deny.list", dict(arguments), KEYS[0])
        assert acted.outcome == "failure"
        assert "error" in acted.result
    assert not folder.exists()


def test_a_full_disk_fails_and_leaves_nothing(folder: Path) -> None:
    """A limit on the size of files stops a write half way, as a full disk does."""
    folder.mkdir(parents=True)
    file = folder / "deny.list"
    before = b"10.0.0.1\n" * 1_000
    file.write_bytes(before)
    for room in (0, 1, 20):
        limit = str(len(before) + room)
        command = [sys.executable, "-m", "tests.unit.gate.appender"]
        command += [str(folder), "deny.list", limit, KEYS[0]]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == f"failure {KEYS[0]}"
        assert file.read_bytes() == before
    assert append(FileActuator(folder)) == "success"
    assert file.read_bytes() == before + WHOLE
