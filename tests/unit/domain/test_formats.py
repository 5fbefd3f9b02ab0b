"""What journald and Docker wrote is read as a line of syslog; one line stays one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.formats import FORMATS, format_of, read_lines


def journal(**fields: object) -> str:
    known: dict[str, object] = {
        "__REALTIME_TIMESTAMP": "1732320000123456",
        "_HOSTNAME": "web-1",
        "SYSLOG_IDENTIFIER": "sshd",
        "_PID": "812",
        "_SYSTEMD_UNIT": "ssh.service",
        "PRIORITY": "6",
        "MESSAGE": "Connection closed",
    }
    return json.dumps({k: v for k, v in (known | fields).items() if v != ""})


def docker(log: str, stream: str = "stdout") -> str:
    return json.dumps({"log": log, "stream": stream, "time": "2026-11-28T10:00:00.5Z"})


HEAD = "2024-11-23T00:00:00.123456+00:00 web-1"


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({}, f"{HEAD} sshd[812]: Connection closed"),
        ({"PRIORITY": "3"}, f"{HEAD} sshd[812]: error: Connection closed"),
        ({"PRIORITY": "4"}, f"{HEAD} sshd[812]: warning: Connection closed"),
        ({"SYSLOG_IDENTIFIER": ""}, f"{HEAD} ssh[812]: Connection closed"),
        ({"SYSLOG_IDENTIFIER": "kernel", "_PID": ""}, f"{HEAD} kernel: Connection closed"),
        ({"MESSAGE": "one\ntwo\n"}, f"{HEAD} sshd[812]: one two"),
        ({"MESSAGE": [104, 105, 255]}, f"{HEAD} sshd[812]: hi\ufffd"),
        ({"MESSAGE": None}, f"{HEAD} sshd[812]:"),
        ({"MESSAGE": ["a", "b"]}, f"{HEAD} sshd[812]: a b"),
        ({"MESSAGE": [[104, 105], "b", None]}, f"{HEAD} sshd[812]: hi b"),
        ({"MESSAGE": "half a \ud800 pair"}, f"{HEAD} sshd[812]: half a \ufffd pair"),
        ({"MESSAGE": '{"user": "ada"}'}, '{"user": "ada"}'),
        ({"__REALTIME_TIMESTAMP": "never"}, "web-1 sshd[812]: Connection closed"),
        ({"__REALTIME_TIMESTAMP": "9" * 30}, "web-1 sshd[812]: Connection closed"),
    ],
)
def test_an_entry_of_the_journal_is_read_as_syslog(fields: dict[str, object], read: str) -> None:
    line = journal(**fields)
    assert format_of(line) == "journald"
    assert read_lines(line, "journald") == [read]


def test_a_docker_line_is_read_with_its_time_and_stream() -> None:
    line = docker("ERROR no such table\n", "stderr")
    assert format_of(line) == "docker"
    assert read_lines(line, "docker") == ["2026-11-28T10:00:00.5Z stderr: ERROR no such table"]
    assert read_lines(docker('{"level": "warn"}\n'), "docker") == ['{"level": "warn"}']


def test_the_pieces_of_a_docker_message_are_read_at_the_last() -> None:
    content = "\n".join(
        [docker("one "), docker("err\n", "stderr"), docker("two\n"), docker("left"), "no json"]
    )
    head = "2026-11-28T10:00:00.5Z"
    assert read_lines(content, "docker") == [
        "", f"{head} stderr: err", f"{head} stdout: one two", f"{head} stdout: left", "no json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("plain\n{}", "json"),
        ("plain", "text"),
        ("", "text"),
        ("{broken", "text"),
        ("[1]", "text"),
        ('{"log": 5, "time": 3}', "json"),
        ('cut off"}\n' + docker("x\n"), "docker"),
        ('{"a": ' * 5_000, "text"),
        ('{"a": ' + "9" * 10_000 + "}", "text"),
    ],
)
def test_the_first_object_tells_the_format(content: str, kind: str) -> None:
    assert format_of(content) == kind


def test_lines_that_are_not_of_their_format_are_read_as_they_are() -> None:
    for kind in FORMATS:
        assert read_lines('plain\r\n{"a": 1}\n{', kind) == ["plain", '{"a": 1}', "{"]


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists)
ENTRIES = st.dictionaries(
    st.sampled_from(
        ["MESSAGE", "__REALTIME_TIMESTAMP", "_PID", "PRIORITY", "log", "time", "stream"]
    ),
    VALUES,
).map(json.dumps)


@given(st.lists(ENTRIES | st.text(st.characters(exclude_characters="\n"), max_size=9), min_size=1))
def test_as_many_lines_are_read_as_are_stored(lines: list[str]) -> None:
    for kind in (*FORMATS, "of a later release"):
        read = read_lines("\n".join(lines), kind)
        assert len(read) == len(lines)
        assert not any("\n" in each for each in read)


def test_a_message_nested_however_deep_is_read() -> None:
    for depth in range(100, 1_000, 100):
        line = journal(MESSAGE="deep").replace('"deep"', "[" * depth + "]" * depth)
        assert len(read_lines(line, "journald")) == 1


@pytest.mark.parametrize("kind", ["journald", "docker"])
def test_what_is_read_can_be_stored_whatever_escapes_a_line_has(kind: str) -> None:
    said = r"\ud800 \uDFFF \ud83d\ude00 \\ud800"
    lines = [journal(MESSAGE="said"), docker("said\n"), docker(json.dumps({"msg": "said"}))]
    content = "\n".join(lines).replace("said", said)
    for line in read_lines(content, kind):
        line.encode()
    assert "\ufffd \ufffd \U0001f600 \\ud800" in "".join(read_lines(content, kind))
