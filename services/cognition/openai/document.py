"""A request as what is sent: two messages and a schema.

The system message holds the rules, the step and who the persona is: the operator's word. The user
message is one JSON document of all that was read from outside; nothing in it can leave its string.
Who was spawned by a persona finds there what for, since that one wrote it by what it had read.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.thinking import Malformed, Memory, ObservedLine, OpenHypothesis, ThinkRequest
from services.cognition.openai import answers
from services.cognition.openai.escaping import cut, encoded, size
from services.cognition.openai.schemas import schema_of
from services.cognition.openai.shown import MOST_CITED, Shown, label, reference_of
from services.cognition.openai.templates import template
from services.cognition.openai.usage import most_tokens

MESSAGES: Final = 2
REPAIR_BYTES: Final = 1_200
"""Room kept for saying what was wrong with an answer."""
MOST_ANSWER_BYTES: Final = 600
MOST_KNOWN: Final = 100
WIDEST_LABEL: Final = "e999"
WIDEST_SOURCE: Final = "s999"
"""What labels take at most, to count with before labels are given."""
MOST_ALIKE: Final = 10**9
"""Most lines that one is taken to stand for, where room is counted."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool a persona may propose to use, as a model is told of it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Document:
    """What is sent, and what of it can be cited."""

    messages: Sequence[Mapping[str, str]]
    response_format: Mapping[str, Any] | None
    """How the form of the answer is asked for; None: in words only."""
    shown: Shown

    @property
    def size_bytes(self) -> int:
        """UTF-8 bytes of all that may be counted as prompt: messages and schema."""
        told = sum(len(each["content"].encode()) for each in self.messages)
        return told + (len(encoded(self.response_format).encode()) if self.response_format else 0)

    @property
    def most_tokens(self) -> int:
        """Most tokens it can have."""
        return most_tokens(self.size_bytes, len(self.messages))

    @property
    def hash(self) -> str:
        """SHA-256 of it as sent, hex."""
        sent = {"messages": self.messages, "response_format": self.response_format}
        return hashlib.sha256(encoded(sent).encode()).hexdigest()


def compose(request: ThinkRequest, tools: Iterable[Tool], structured: str) -> Document:
    """Make what is sent for a request, all of which is shown.

    Args:
        request: as `fit` returned it.
        tools: tools there are; of these its policy allows some.
        structured: how the form is asked for, as in the settings.
    """
    step = answers.step_of(request)
    usable = [each for each in tools if each.name in request.limits.allowed_tools]
    usable = usable if step == "test" else []
    shown = label(request, [each.name for each in usable])
    schema = schema_of(step, shown)
    parts = [template("rules"), template(step)]
    if _is_spawned(request):
        parts.append(template("spawned"))
    if request.repair:
        parts.append(template("repair"))
    if structured != "json_schema":
        parts.append(f"The form of your answer, as a JSON Schema:\n{encoded(schema)}")
    parts.append(f"You are:\n{encoded(_persona(request, usable))}")
    messages = [
        {"role": "system", "content": "\n\n".join(parts)},
        {"role": "user", "content": encoded(_data(request, shown))},
    ]
    return Document(messages, _format(structured, step, schema), shown)


def line_entry(name: str, line: ObservedLine, source: str) -> dict[str, Any]:
    """Return a line as it is shown."""
    entry: dict[str, Any] = {"label": name, "source": source, "text": line.text}
    return entry | ({"alike": line.alike} if line.alike > 1 else {})


_LINE_BYTES: Final = (
    size(line_entry(WIDEST_LABEL, ObservedLine("", 0, 0, "", MOST_ALIKE), WIDEST_SOURCE))
    - size("")
    + size(WIDEST_LABEL)
)


def memory_entry(name: str, memory: Memory) -> dict[str, Any]:
    """Return a memory as it is shown."""
    entry: dict[str, Any] = {"label": name, "tier": memory.tier, "text": memory.text}
    return entry | ({"facts": list(memory.facts)} if memory.facts else {})


def hypothesis_entry(
    name: str, hypothesis: OpenHypothesis, evidence: Sequence[str]
) -> dict[str, Any]:
    """Return a hypothesis as it is shown."""
    return {
        "label": name,
        "belief_key": hypothesis.belief_key,
        "claim": hypothesis.claim,
        "confidence": hypothesis.confidence,
        "evidence": list(evidence),
    }


def line_size(line: ObservedLine) -> int:
    """Return the most bytes a line takes, its number and its label in the schema included."""
    return _LINE_BYTES + size(line.text)


def memory_size(memory: Memory) -> int:
    """Return the most bytes a memory takes, its label in the schema included."""
    return size(memory_entry(WIDEST_LABEL, memory)) + size(WIDEST_LABEL)


def hypothesis_size(hypothesis: OpenHypothesis) -> int:
    """Return the most bytes a hypothesis takes, its label in the schema included."""
    entry = hypothesis_entry(WIDEST_LABEL, hypothesis, [WIDEST_LABEL] * MOST_CITED)
    return size(entry) + size(WIDEST_LABEL)


def source_names(lines: Iterable[ObservedLine]) -> dict[str, str]:
    """Return the sources of lines, each with a short name."""
    sources = dict.fromkeys(line.source for line in lines)
    return {source: f"s{n}" for n, source in enumerate(sources, 1)}


def source_size(source: str) -> int:
    """Return the most bytes it takes to tell of a source."""
    return size({WIDEST_SOURCE: source})


def tells_known(request: ThinkRequest) -> bool:
    """Whether what is established is shown: where it is neither seen nor judged anew."""
    return answers.step_of(request) in ("reflect", "compress")


def _persona(request: ThinkRequest, tools: Iterable[Tool]) -> dict[str, Any]:
    """Return what the operator says of a persona."""
    told = {} if _is_spawned(request) else _identity(request)
    usable = [{"tool": each.name, "does": each.description} for each in tools]
    return told | ({"tools": usable} if request.phase == "test" else {})


def _is_spawned(request: ThinkRequest) -> bool:
    return request.identity.parent_id is not None


def _identity(request: ThinkRequest) -> dict[str, Any]:
    return request.identity.model_dump(include={"name", "role", "charter"})


def _data(request: ThinkRequest, shown: Shown) -> dict[str, Any]:
    """Return the document: only what there is of it."""
    labels = {ref: name for name, ref in shown.refs.items()}
    names = source_names(request.lines)
    told: dict[str, Any] = {
        "task": _identity(request) if _is_spawned(request) else {},
        "sources": {name: source for source, name in names.items()},
        "lines": [line_entry(labels[reference_of(x)], x, names[x.source]) for x in request.lines],
        "memories": [memory_entry(labels[each.ref], each) for each in request.memories],
        "hypotheses": [
            hypothesis_entry(name, each, shown.cited[name])
            for name, each in shown.hypotheses.items()
        ],
        "known": list(request.known) if tells_known(request) else [],
    }
    if request.question:
        told["question"] = {"asked_by": request.question.asked_by, "text": request.question.text}
    if request.repair:
        told["repair"] = _repair(request.repair)
    return {name: part for name, part in told.items() if part}


def _repair(repair: Malformed) -> dict[str, str]:
    answer = cut(repair.answer, MOST_ANSWER_BYTES)
    return {"wrong": cut(repair.fault, MOST_ANSWER_BYTES // 2), "your_answer_began": answer}


def _format(structured: str, step: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    match structured:
        case "json_schema":
            named = {"name": step, "strict": True, "schema": schema}
            return {"type": "json_schema", "json_schema": named}
        case "json_object":
            return {"type": "json_object"}
    return None
