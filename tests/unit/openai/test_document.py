"""What is sent: the prompts of the step, the schema, and a hash that covers all of it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.thinking import Malformed
from services.cognition.openai.answers import form_of
from services.cognition.openai.document import Document
from services.cognition.openai.schemas import schema_of
from services.cognition.openai.shown import Shown, label
from services.cognition.openai.templates import FOLDER, NAMES, template
from tests.unit.openai.asking import asked, asked_about, data_of, hypothesis, line, memory, sent

RELEASED = {
    "prompt: rules, version: 1": "be61852b6bca0109",
    "prompt: observe, version: 1": "63e065c50f588dcd",
    "prompt: reflect, version: 1": "9c4030ee80687d11",
    "prompt: test, version: 1": "f101f50619c72db0",
    "prompt: compress, version: 1": "0b379b7052845921",
    "prompt: answer, version: 1": "7e76cd89a8783f43",
    "prompt: repair, version: 1": "01b223275f3b73bb",
    "prompt: spawned, version: 1": "81c36f64c86ca696",
    # a prompt that is changed gets the next version, and a new line here
}


def test_every_prompt_is_as_its_version_was_released() -> None:
    told = {}
    for name in NAMES:
        first = template(name).splitlines()[0]
        assert first.startswith(f"prompt: {name}, version: ")
        told[first] = hashlib.sha256(template(name).encode()).hexdigest()[:16]
    assert told == RELEASED


def test_every_file_is_used() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("step", ["observe", "reflect", "test", "compress", "answer"])
def test_a_step_names_all_that_its_form_asks_for(step: str) -> None:
    for name in form_of(step).model_fields:
        assert f"`{name}`" in template(step)


def test_a_hash_tells_any_change_of_what_is_sent() -> None:
    some = [
        sent(asked(lines=[line()])),
        sent(asked(lines=[line(text="Rejected key for ada")])),
        sent(asked(lines=[line()], charter="Watch another log.")),
        sent(asked(lines=[line()]), "text"),
        sent(asked("reflect", lines=[line()])),
    ]
    assert len({each.hash for each in some}) == len(some)
    assert sent(asked(lines=[line()])).hash == some[0].hash


def test_a_hash_covers_how_the_form_is_asked_for() -> None:
    messages = sent(asked()).messages
    in_words, as_json = (
        Document(messages, each, Shown()) for each in (None, {"type": "json_object"})
    )
    assert in_words.hash != as_json.hash


def test_lines_alike_are_told_with_their_number_and_sources_once() -> None:
    lines = [line(0, alike=40), line(1), line(2, source="b.log")]

    told = data_of(sent(asked(lines=lines)))

    assert told["sources"] == {"s1": "auth.log", "s2": "b.log"}
    assert [each.get("alike") for each in told["lines"]] == [40, None, None]
    assert [each["source"] for each in told["lines"]] == ["s1", "s1", "s2"]


def test_labels_stand_for_what_is_shown() -> None:
    shown = label(
        asked("test", lines=[line(3), line(4)], memories=[memory("21")],
              hypotheses=[hypothesis("H", ["7#0-3", "21", "999"])]),
        ["notify"],
    )  # fmt: skip

    assert shown.refs == {"e1": "7#3", "e2": "7#4", "e3": "21"}
    assert {name: each.hypothesis_id for name, each in shown.hypotheses.items()} == {"h1": "H"}
    assert shown.cited == {"h1": ["e3", "e1"]}


def test_a_schema_leaves_only_labels_that_were_shown_and_tools_it_may_use() -> None:
    document = sent(
        asked("test", lines=[line(0)], hypotheses=[hypothesis()], tools=["notify", "unheard-of"])
    )
    assert document.response_format is not None
    defined = document.response_format["json_schema"]["schema"]["$defs"]

    assert defined["Label"]["enum"] == ["e1"]
    assert defined["HypothesisLabel"]["enum"] == ["h1"]
    assert defined["Tool"]["enum"] == ["notify"]


def test_who_may_use_no_tool_can_propose_nothing() -> None:
    document = sent(asked("test", lines=[line(0)], hypotheses=[hypothesis()], tools=[]))
    assert document.response_format is not None
    defined = document.response_format["json_schema"]["schema"]["$defs"]

    assert defined["Check"]["properties"]["proposal"] == {"type": "null"}
    assert {"Proposal", "Tool"}.isdisjoint(defined)


@pytest.mark.parametrize("step", ["observe", "reflect", "test", "compress", "answer"])
def test_a_schema_keeps_to_what_strict_servers_take(step: str) -> None:
    schema = schema_of(step, Shown({"e1": "7#0"}, {"h1": hypothesis()}, {}, ["notify"]))

    forms = [schema, *schema.get("$defs", {}).values()]
    for form in (each for each in forms if each["type"] == "object"):
        assert form["additionalProperties"] is False
        assert form["required"] == list(form["properties"])
    used = {word for form in forms for part in _parts(form) for word in part}
    assert used <= {"$defs", "$ref", "additionalProperties", "anyOf", "enum", "items",
                    "properties", "required", "type"}  # fmt: skip


def _parts(form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    yield form
    within = [*form.get("properties", {}).values(), *form.get("anyOf", ())]
    for each in [*within, *([form["items"]] if "items" in form else [])]:
        yield from _parts(each)


def test_a_schema_is_not_changed_by_the_next_one() -> None:
    schema_of("reflect", Shown({"e1": "7#0"}))
    assert "enum" not in schema_of("reflect", Shown())["$defs"]["Label"]


def test_a_form_asked_for_in_words_stands_in_the_message() -> None:
    in_words, as_json = sent(asked(), "text"), sent(asked(), "json_object")

    assert in_words.response_format is None
    assert as_json.response_format == {"type": "json_object"}
    for document in (in_words, as_json):
        assert '"additionalProperties":false' in document.messages[0]["content"]
        assert document.size_bytes > len(document.messages[0]["content"])


def test_a_repair_says_what_was_wrong_as_data() -> None:
    wrong = Malformed('{"thought": "' + "x" * 9_000, "impact: must be between 0 and 1")

    document = sent(asked(repair=wrong))

    assert data_of(document)["repair"]["wrong"] == wrong.fault
    assert len(data_of(document)["repair"]["your_answer_began"]) < 700
    assert "`repair`" in document.messages[0]["content"]


def test_a_question_is_told_with_who_asks() -> None:
    assert data_of(sent(asked_about("Why?")))["question"] == {
        "asked_by": "user:ada",
        "text": "Why?",
    }


def test_no_more_tokens_are_possible_than_bytes_and_sixteen_a_message() -> None:
    document = sent(asked(lines=[line(text="\N{GRINNING FACE}" * 50)]))
    bytes_sent = sum(len(each["content"].encode()) for each in document.messages)
    schema = len(json.dumps(document.response_format, separators=(",", ":")).encode())

    assert document.most_tokens == bytes_sent + schema + 2 * 16
