"""What a person names as a topic, and what becomes of its records."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bus.client import Incoming
from services.commands.observation import Batch, Dropped
from services.inputs.errors import UnreadableInput
from services.inputs.lines import BATCH_BYTES
from services.inputs.topics.named import NamedTopic, named
from services.inputs.topics.records import LONGEST_BYTES, batches_of, line_of, taken_of


def incoming(*values: bytes | None, first: int = 0, step: int = 1) -> list[Incoming]:
    return [
        Incoming("t", 0, first + number * step, 0, None, value, [])
        for number, value in enumerate(values)
    ]


def lines_of(batches: list[Batch]) -> list[str]:
    """The lines, put together again as the batches say."""
    whole = "".join(b.content + ("" if b.unfinished else "\n") for b in batches)
    return whole.split("\n")[:-1]


def test_topics_are_named_alone_or_from_now_on() -> None:
    found = named(["logs", "a.b_c-1@latest", "logs"])
    assert found == [NamedTopic("logs"), NamedTopic("a.b_c-1", latest=True)]
    assert found[0].source(3) == "kafka:logs/3"


@pytest.mark.parametrize("name", ["", "..", "a b", "ä", "x" * 250, "t@earliest", "@latest", "a/0"])
def test_what_can_be_no_topic_is_refused(name: str) -> None:
    with pytest.raises(UnreadableInput, match="can't be a Kafka topic"):
        named([name])


@pytest.mark.parametrize(
    "name", ["thought.generated", "perpetua.commands", "perpetua.relay@latest"]
)
def test_a_topic_of_our_own_is_refused(name: str) -> None:
    with pytest.raises(UnreadableInput, match="would feed itself"):
        named([name])


def test_a_topic_named_in_both_ways_is_refused() -> None:
    with pytest.raises(UnreadableInput, match="choose one"):
        named(["logs", "logs@latest"])


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (b"plain", "plain"),
        (b"with its end\r\n", "with its end"),
        (b"", ""),
        (b"one\ntwo\r\nthree\rfour\n\n", "one␤two␤three␍four␤"),
        (b'{\n  "a": 1.00,\r\n  "b": [\n    "x  y"\n  ]\n}\n', '{"a": 1.00,"b": ["x  y"]}'),
        (b'{"a":1}\n{"a":2}', '{"a":1}␤{"a":2}'),
        (b'{"a":\n' * 5_000, '{"a":␤' * 4_999 + '{"a":'),
        (b'[1,\n"\xff"]', '[1,␤"\ufffd"]'),
    ],
)
def test_one_record_is_one_line(value: bytes, line: str) -> None:
    assert line_of(value).decode(errors="replace") == line


def test_the_offset_is_that_of_the_next_record_and_tombstones_are_no_lines() -> None:
    [batch] = batches_of(incoming(b"a", None, b"", b"b", None, first=10, step=3), 10, 5)
    assert batch.content == "a\n\nb"
    assert (batch.first_line, batch.line_count, batch.offset) == (5, 3, 20)
    assert not batch.unfinished
    assert batches_of(incoming(None, None), 0, 0) == []


def test_undecodable_bytes_are_replaced_and_counted() -> None:
    [batch] = batches_of(incoming(b"\x00\xff\xfe", b"\xc3\xa4"), 0, 0)
    assert batch.content == "\x00\ufffd\ufffd\nä"
    assert batch.replaced_bytes == 2


def test_a_huge_record_is_cut_and_counts_as_read_only_with_its_last_piece() -> None:
    huge = "ä" * BATCH_BYTES
    batches = batches_of(incoming(b"a", huge.encode(), b"z", first=7), 7, 0)
    assert lines_of(batches) == ["a", huge, "z"]
    assert [each.offset for each in batches] == [8, 8, 8, 10]
    assert [each.unfinished for each in batches] == [False, True, True, False]
    assert [each.continues for each in batches] == [False, False, True, True]


def test_a_record_that_no_save_can_hold_is_told_of_instead() -> None:
    long, binary = b"x" * (LONGEST_BYTES + 1), b"\xff" * (LONGEST_BYTES // 3 + 1)
    kept = b"x" * LONGEST_BYTES
    taken = taken_of(incoming(b"a", long, binary, None, kept, b"z", first=7, step=2), 7, 4)
    dropped = [each for each in taken if isinstance(each, Dropped)]
    assert dropped == [
        Dropped(lines=2, bytes=len(long) + len(binary), first_line=5, offset=12, reason="size")
    ]
    batches = [each for each in taken if isinstance(each, Batch)]
    assert lines_of(batches) == ["a", kept.decode(), "z"]
    assert [batches[1].first_line, batches[-1].offset] == [7, 18]


@given(st.lists(st.none() | st.binary(max_size=40) | st.text().map(str.encode)))
def test_every_record_with_a_value_is_a_line(values: list[bytes | None]) -> None:
    batches = batches_of(incoming(*values), 0, 0)
    assert sum(b.line_count - b.unfinished for b in batches) == sum(v is not None for v in values)
    assert all(b.content.count("\n") == b.line_count - 1 for b in batches)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).filter(lambda value: isinstance(value, list | dict))
)
def test_json_on_several_lines_keeps_its_meaning(value: object) -> None:
    line = line_of(json.dumps(value, indent=2, ensure_ascii=False).encode())
    assert b"\n" not in line
    assert json.loads(line) == value
