"""An answer as a result: read against its form and against what was shown."""

import json
import re
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from domain.events.cognition import Thinker, Usage
from domain.events.gate import Action
from domain.thinking import (
    Answer,
    Checked,
    OpenHypothesis,
    Proposed,
    Supposed,
    ThinkRequest,
    ThinkResult,
)
from services.cognition.openai import answers
from services.cognition.openai.reply import Reply
from services.cognition.openai.shown import Shown

KIND: Final = "judged"
"""How a model tests: it looks at the evidence again and says what it thinks."""
FILTERED: Final = "content_filter"
THOUGHT_ENDS: Final = "</think>"
MOST_BRACES: Final = 50
"""Places tried where an object may begin."""
MOST_FAULTS: Final = 3
MOST_FAULT_CHARS: Final = 400


class Fault(Exception):
    """An answer is not as it was asked for; the message says what is wrong."""


def read(
    text: str, request: ThinkRequest, shown: Shown, thinker: Thinker, usage: Usage
) -> ThinkResult:
    """Read an answer.

    Raises:
        Fault: it has not the form asked for, or names what was not shown.
    """
    try:
        form = answers.form_of(answers.step_of(request))
        answer = form.model_validate_json(text, context=shown)
    except ValidationError as wrong:
        raise Fault(_told(wrong)) from None
    match answer:
        case answers.Replied():
            said = Answer(answer.answer, _refs(answer.evidence, shown))
            return ThinkResult(answer.answer, thinker, usage, answer=said)
        case answers.Compressed():
            return ThinkResult(answer.thought, thinker, usage)
        case answers.Observed():
            return ThinkResult(answer.thought, thinker, usage, answer.impact)
        case answers.Reflected():
            supposed = [_supposed(each, shown) for each in answer.hypotheses]
            return ThinkResult(answer.thought, thinker, usage, answer.impact, hypotheses=supposed)
        case answers.Tested():
            return ThinkResult(
                answer.thought,
                thinker,
                usage,
                answer.impact,
                checks=_checks(answer, request, shown, thinker),
            )


def refusal_in(reply: Reply) -> str | None:
    """Return in what words the model declines to answer; None if it does not."""
    if reply.refusal or reply.finish_reason == FILTERED:
        said = reply.refusal or "a filter of the server withheld the answer"
        return " ".join(said.split())[:MOST_FAULT_CHARS]
    return None


def answer_in(reply: Reply, as_text: bool) -> str:
    """Return what the model wrote: JSON, or text with JSON in it.

    Raises:
        Fault: nothing, not all of it, or a call instead.
    """
    if reply.calls_tools:
        raise Fault("it calls a tool, and none was offered: answer with the JSON object")
    if reply.finish_reason == "length":
        raise Fault("it was cut off, too long: answer in fewer words")
    if not reply.content.strip():
        raise Fault("it is empty")
    return object_in(reply.content) if as_text else reply.content


def object_in(text: str) -> str:
    """Return the first JSON object in a text, behind what the model thought aloud.

    Raises:
        Fault: there is none, or it does not end.
    """
    said = text.rpartition(THOUGHT_ENDS)[2]
    for begin in islice((each.start() for each in re.finditer(r"\{", said)), MOST_BRACES):
        try:
            _, end = json.JSONDecoder().raw_decode(said, begin)
        except (ValueError, RecursionError):
            continue
        return said[begin:end]
    raise Fault("there is no whole JSON object in it")


def _supposed(each: answers.Hypothesis, shown: Shown) -> Supposed:
    evidence = _refs(each.evidence, shown)
    return Supposed(each.belief_key, each.claim, each.confidence, evidence)


def _checks(
    answer: answers.Tested, request: ThinkRequest, shown: Shown, thinker: Thinker
) -> list[Checked]:
    named = [check.hypothesis for check in answer.checks]
    twice = sorted({each for each in named if named.count(each) > 1})
    if twice:
        raise Fault(f"checks: there is more than one of {', '.join(twice)}")
    for n, check in enumerate(answer.checks):
        if check.outcome == "passed" and not check.evidence:
            raise Fault(f"checks.{n}.evidence: what passed must name what shows it")
    return [_checked(each, request, shown, thinker) for each in answer.checks]


def _checked(
    check: answers.Check, request: ThinkRequest, shown: Shown, thinker: Thinker
) -> Checked:
    hypothesis = shown.hypotheses[check.hypothesis]
    return Checked(
        hypothesis.hypothesis_id,
        KIND,
        {"model": thinker.model, "shown": list(_refs(shown.cited[check.hypothesis], shown))},
        check.outcome,
        check.confidence_after,
        check.excerpt,
        _refs(check.evidence, shown),
        _proposed(check.proposal, hypothesis, request, shown),
    )


def _proposed(
    proposal: answers.Proposal | None,
    hypothesis: OpenHypothesis,
    request: ThinkRequest,
    shown: Shown,
) -> Proposed | None:
    """Return what is to be done; of what was a fact before it is not proposed again."""
    if proposal is None or hypothesis.belief_key in request.known:
        return None
    arguments = str(proposal.arguments)
    return Proposed(
        proposal.title,
        proposal.rationale,
        Action(tool=proposal.tool, target=proposal.target, arguments=arguments),
        proposal.risk,
        _refs(proposal.evidence, shown),
    )


def _refs(labels: Any, shown: Shown) -> tuple[str, ...]:
    """Return the references of labels, each once."""
    return tuple(dict.fromkeys(shown.refs[each] for each in labels))


def _told(wrong: ValidationError) -> str:
    """Return the first faults, each with where it is."""
    faults = [_fault(dict(each)) for each in wrong.errors(include_url=False, include_context=False)]
    more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
    return "; ".join(faults[:MOST_FAULTS])[:MOST_FAULT_CHARS] + more


def _fault(error: dict[str, Any]) -> str:
    where = ".".join(str(part)[:40] for part in error["loc"]) or "it"
    return f"{where}: {str(error['msg']).removeprefix('Value error, ')}"
