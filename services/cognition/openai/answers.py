"""What is asked for in each phase: models that read an answer.

They check what a schema can't ask of every server: ranges, lengths, and that a label was shown.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType

from domain.canonical import canonical
from domain.errors import InvalidInput
from domain.thinking import ThinkRequest
from services.cognition.openai.shown import Shown
from services.commands.cognition import belief_key
from services.commands.proposing import MAX_TARGET_BYTES, MAX_TITLE_CHARS

LONGEST_TEXT = 16_000
"""Most characters of one text: an answer of many tokens must still fit an event."""
MOST_HYPOTHESES = 16


def _label(value: str, info: ValidationInfo) -> str:
    return _one_of(value, _shown(info).refs, "label of anything shown")


def _hypothesis(value: str, info: ValidationInfo) -> str:
    return _one_of(value, _shown(info).hypotheses, "label of a hypothesis shown")


def _tool(value: str, info: ValidationInfo) -> str:
    return _one_of(value, _shown(info).tools, "tool it may propose to use")


def _one_of(value: str, known: Any, what: str) -> str:
    if value not in known:
        raise ValueError(f"{value[:40]!r} is no {what}")
    return value


def _shown(info: ValidationInfo) -> Shown:
    return info.context if isinstance(info.context, Shown) else Shown()


def _share(value: float) -> float:
    # not clamped: 85 may mean 0.85 or "very", and only its author knows
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")
    return value


def _text(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("must not be empty, nor hold the character NUL")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must have at most {LONGEST_TEXT} characters")
    return value.strip()


def _title(value: str) -> str:
    line = " ".join(_text(value).split())
    if len(line) > MAX_TITLE_CHARS:
        raise ValueError(f"must have at most {MAX_TITLE_CHARS} characters")
    return line


def _key(value: str) -> str:
    try:
        return belief_key(value)
    except InvalidInput as wrong:
        raise ValueError(wrong.message) from None


def _target(value: str) -> str:
    if not value.isprintable() or not 0 < len(value.encode()) <= MAX_TARGET_BYTES:
        raise ValueError(f"must be printable, 1 to {MAX_TARGET_BYTES} bytes")
    return value


def _arguments(value: str | dict[str, Any]) -> str:
    """Return arguments as canonical JSON; an object is taken for the string that says it."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
        arguments = canonical(read) if isinstance(read, dict) else ""
    except (ValueError, RecursionError, InvalidInput):
        arguments = ""
    if not arguments:
        raise ValueError("must be a JSON object, written as a string")
    return _text(arguments)


Label = TypeAliasType("Label", Annotated[str, AfterValidator(_label)])
HypothesisLabel = TypeAliasType("HypothesisLabel", Annotated[str, AfterValidator(_hypothesis)])
Tool = TypeAliasType("Tool", Annotated[str, AfterValidator(_tool)])
Share = Annotated[float, AfterValidator(_share)]
Text = Annotated[str, AfterValidator(_text)]
Cited = Annotated[list[Label], Field(min_length=1)]


class Form(BaseModel):
    """A part of an answer: all of it, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Hypothesis(Form):
    """A supposition."""

    claim: Text
    belief_key: Annotated[str, AfterValidator(_key)]
    confidence: Share
    evidence: Cited


class Proposal(Form):
    """Something to be done."""

    title: Annotated[str, AfterValidator(_title)]
    rationale: Text
    risk: Literal["low", "medium", "high", "critical"]
    tool: Tool
    target: Annotated[str, AfterValidator(_target)]
    arguments: Annotated[str | SkipJsonSchema[dict[str, Any]], AfterValidator(_arguments)]
    evidence: Cited


class Check(Form):
    """What came of a test."""

    hypothesis: HypothesisLabel
    outcome: Literal["passed", "failed", "inconclusive"]
    confidence_after: Share
    excerpt: Text
    evidence: list[Label]
    proposal: Proposal | None


class Observed(Form):
    """What is asked for in observe."""

    thought: Text
    impact: Share


class Reflected(Form):
    """What is asked for in reflect."""

    thought: Text
    impact: Share
    hypotheses: Annotated[list[Hypothesis], Field(max_length=MOST_HYPOTHESES)]


class Tested(Form):
    """What is asked for in test."""

    thought: Text
    impact: Share
    checks: list[Check]


class Compressed(Form):
    """What is asked for in compress."""

    thought: Text


class Replied(Form):
    """What is asked for of a question."""

    answer: Text
    evidence: list[Label]


Answer = Observed | Reflected | Tested | Compressed | Replied
_FORMS: dict[str, type[Answer]] = {
    "observe": Observed,
    "reflect": Reflected,
    "test": Tested,
    "compress": Compressed,
    "answer": Replied,
}


def step_of(request: ThinkRequest) -> str:
    """Return what is asked for: the phase, or `answer` of a question."""
    return "answer" if request.question else request.phase


def form_of(step: str) -> type[Answer]:
    """Return the model of an answer."""
    return _FORMS[step]
