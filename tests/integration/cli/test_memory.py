"""`perpetua memory search`: from the store and over HTTP, for people and for programs."""

import time

import pytest

from tests.e2e.process import Perpetua, Up


def test_without_an_up_words_are_compared(digested: Perpetua) -> None:
    told = digested.json("memory", "search", "failed password", "--count", "3")
    assert (told["ranked_by"], len(told["hits"])) == ("text", 3)
    assert "password" in told["hits"][0]["text"].lower()
    said = digested("memory", "search", "failed password", "--kind", "hypothesis").stdout
    assert "SCORE" in said
    assert "hypothesis" in said
    assert "Ranked by words alone" in said


def test_what_was_found_is_shown_by_its_position_and_enough_of_its_persona(
    digested: Perpetua,
) -> None:
    search = ("memory", "search", "failed password", "--kind", "thought", "--count", "1")
    [hit] = digested.json(*search)["hits"]
    heading, line, *_ = digested(*search).stdout.splitlines()
    assert line[heading.index("POSITION") :].split()[0] == str(hit["position"])
    said = digested("why", str(hit["position"]), "--persona", hit["persona_id"][-8:]).stdout
    assert f"{hit['ref']} at {hit['position']}" in said
    assert "It was shown" in said


def test_an_up_that_runs_compares_meanings(digested: Perpetua, serving: Up) -> None:
    deadline = time.monotonic() + 30
    while True:
        told = digested.json("memory", "search", "somebody tries to guess a password")
        if told["ranked_by"] == "vectors":
            break
        assert time.monotonic() < deadline
    assert told["embedder"] == "all-MiniLM-L6-v2:384"
    assert told["hits"]
    assert "Ranked by" not in digested("memory", "search", "password").stdout


def test_a_persona_finds_what_it_may_read(digested: Perpetua, serving: Up) -> None:
    who = digested.json("personas")[0]["identity"]["id"]
    told = digested.json("memory", "search", "failed password", "--persona", who)
    assert {hit["persona_id"] for hit in told["hits"]} <= {who, None}
    nothing = digested("memory", "search", "x", "--since", "2999-01-01T00:00:00Z").stdout
    assert "Nothing like that is remembered." in nothing


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("x", "--since", "soon"), "--since soon is no time"),
        (("x", "--since", "999999d"), "--since 999999d is no time"),
        (("x", "--kind", "thoughts"), "kind must be one of thought, hypothesis"),
        (("x", "--persona", "nobody-here"), "there is no persona nobody-here"),
        (("",), "query"),
        (("x", "--count", "0"), "--count"),
    ],
)
def test_what_cannot_be_searched_for_is_told(
    digested: Perpetua, serving: Up, arguments: tuple[str, ...], why: str
) -> None:
    assert why in digested.refused("memory", "search", *arguments)
