"""What a server sends is taken apart, or told by what it is."""

import json
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cognition.openai.calling import retry_after
from services.cognition.openai.reply import NoCompletion, read_reply


def completion(**message: Any) -> bytes:
    choice = {"index": 0, "message": {"content": "hi"} | message, "finish_reason": "stop"}
    return json.dumps({"model": "m-1", "choices": [choice], "usage": {"x": 1}}).encode()


def test_a_completion_is_taken_apart() -> None:
    reply = read_reply(completion())

    assert (reply.content, reply.finish_reason, reply.model) == ("hi", "stop", "m-1")
    assert (reply.refusal, reply.calls_tools, reply.usage) == (None, False, {"x": 1})


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "thinking", "x": 1}, {"type": "text", "text": "a"}]

    assert read_reply(completion(content=[*parts, parts[1]])).content == "aa"
    assert read_reply(completion(content=None)).content == ""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "sent no JSON: ''"),
        (b"<html>", "sent no JSON: '<html>'"),
        (b"[" * 99_999, "sent no JSON"),
        (b"[1]", "sent no chat completion"),
        (b"{}", "sent no chat completion"),
        (b'{"choices": []}', "sent no chat completion"),
        (b'{"choices": [7]}', "sent no chat completion"),
        (b'{"choices": [{"message": "hi"}]}', "sent no chat completion"),
        (b'{"choices": [{"message": {"content": 7}}]}', "sent no chat completion"),
        (b'{"choices": [{"message": {}, "finish_reason": "error"}]}', "broke off with an error"),
        (b'{"error": {"message": "away"}}', "sent an error as if all were well"),
    ],
)
def test_what_is_no_completion_is_told_by_how_it_begins(body: bytes, told: str) -> None:
    with pytest.raises(NoCompletion) as wrong:
        read_reply(body)

    assert told in str(wrong.value)
    assert len(str(wrong.value)) < 900


PARTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "usage", "text", "type"]), inner
        )
    ),
)


@given(PARTS)
def test_whatever_is_sent_is_a_reply_or_none(sent: object) -> None:
    with suppress(NoCompletion):
        assert isinstance(read_reply(json.dumps(sent).encode()).content, str)


@pytest.mark.parametrize(
    ("told", "secs"),
    [("7", 7), ("0.5", 0.5), ("0", None), ("-3", None), ("inf", None), ("nan", None),
     ("soon", None), ("", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None)],
)  # fmt: skip
def test_how_long_a_server_wants_to_rest_is_a_number_of_seconds(
    told: str, secs: float | None
) -> None:
    assert retry_after(httpx2.Headers({"Retry-After": told})) == secs
    assert retry_after(httpx2.Headers()) is None


def test_or_a_date() -> None:
    secs = retry_after(httpx2.Headers({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}))
    assert secs and secs > 1e9
