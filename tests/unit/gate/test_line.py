"""What may be appended and to what, before any file is opened."""

import pytest

from services.gate.line import MAX_LINE_BYTES, Refused, ending_of, line_of, parts_of

KEY = "01985d4e-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "line",
    ["", " ", "a\nb", "a\rb", "a\tb", "a\0b", "a\x1b[2Jb", "a\x7fb", "a\x85b", "a\u2028b",
     "a\u202eb", "a\u200bb", "a\ud800b", "a" * (MAX_LINE_BYTES + 1), "é" * 2049,
     f"x # perpetua:{KEY}", "# perpetua:", None, 1, ["a"]],
)  # fmt: skip
def test_a_line_that_is_not_one_plain_line_is_refused(line: object) -> None:
    with pytest.raises(Refused):
        line_of({"line": line})


@pytest.mark.parametrize("line", ["a", "192.0.2.7 # 30 failed logins", "naïve 漢字", "a" * 4096])
def test_one_plain_line_is_taken_as_it_is(line: str) -> None:
    assert line_of({"line": line}) == line


@pytest.mark.parametrize("arguments", [{}, {"line": "a", "mode": "w"}, {"text": "a"}])
def test_other_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(Refused):
        line_of(arguments)


@pytest.mark.parametrize(
    "target",
    ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", ".a", "a/.b",
     ".perpetua/x", "a\0b", "a\nb", "é" * 128, "a\ud800"],
)  # fmt: skip
def test_a_target_that_is_no_plain_path_is_refused(target: str) -> None:
    with pytest.raises(Refused):
        parts_of(target)


def test_a_plain_path_is_taken_apart() -> None:
    assert parts_of("lists/deny.list") == ("lists", "deny.list")


@pytest.mark.parametrize("key", ["", "x", KEY.upper(), KEY + "\n", KEY + " "])
def test_a_key_is_a_uuid(key: str) -> None:
    with pytest.raises(ValueError, match="not a UUID"):
        ending_of(key)
    assert ending_of(KEY) == f" # perpetua:{KEY}\n".encode()
