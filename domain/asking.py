"""Questions put to a persona, and what may answer them.

A question is input of its persona's swarm, in a log of its own. A reply is an action like any
other: its tool is `reply`, its target the id of the question's event.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from domain.errors import InvalidInput, TargetHeld
from domain.events import ObservationReceived
from domain.events.gate import Action, Finding
from domain.vocabulary import ACTION_OUTCOMES

REPLY: Final = "reply"
"""The tool that answers a question."""
RULE: Final = "question"
"""Name of the gate's rule on what a reply answers."""
MOST_CHARS: Final = 16_000
"""Longest question, in characters: in any script it stays one event."""
MOST_ANSWER_CHARS: Final = 64_000
"""Longest answer, in characters."""
_SOURCE: Final = "ask:"
_REPLY: Final = re.compile(
    rf"(?:(?:{'|'.join(ACTION_OUTCOMES)}): )?Answer (?:user|persona|system):\S+: "
)
"""How a memory of a reply begins: with its title, or with how it ended before that."""


def asked_source(persona_id: str) -> str:
    """Return the source that the questions put to a persona come from."""
    return f"{_SOURCE}{persona_id}"


def is_question(source: str) -> bool:
    """Tell whether what comes from a source are questions; nothing else ever does."""
    return source.startswith(_SOURCE)


def is_reply(action: Action | None) -> bool:
    """Tell whether an action is a reply."""
    return action is not None and action.tool == REPLY


def reply_title(asked_by: str, question: str) -> str:
    """Return the title of the reply to a question."""
    return f"Answer {asked_by}: {' '.join(question.split())}"


def says_question(memory: str) -> bool:
    """Tell whether a memory is of a question or of replying to one.

    There is no answer in it, or one made of memories that are there themselves.
    """
    return is_question(memory) or _REPLY.match(memory) is not None


def checked_question(text: str) -> str:
    """Return the question.

    Raises:
        InvalidInput: it is blank, or too long.
    """
    if not text.strip() or len(text) > MOST_CHARS:
        raise InvalidInput(
            f"question must be 1 to {MOST_CHARS:,} characters, not all of them blank",
            field="question", limit=MOST_CHARS, actual=len(text),
        )  # fmt: skip
    return text


def what_it_answers(
    action: Action, persona_id: str, question: ObservationReceived | None
) -> Finding:
    """Find whether a reply answers a question that was put to its persona.

    Args:
        action: the reply.
        persona_id: who replies.
        question: what its target names among the questions put to that persona; None if nothing.
    """
    if question is None:
        reason = f"{action.target} is no question that was put to {persona_id}"
        return Finding(rule=RULE, passed=False, reason=reason)
    reason = f"it answers {action.target}, asked by {question.actor}"
    return Finding(rule=RULE, passed=True, reason=reason)


def answered_before(action: Action, held: TargetHeld) -> Finding:
    """Find that a question has its one answer, or is about to."""
    reason = f"{action.target} has its answer: {held.message}"
    return Finding(rule=RULE, passed=False, reason=reason)


def tools_of(own: Sequence[str], inherited: Iterable[Sequence[str]]) -> Sequence[str]:
    """Return the tools a persona may use: those its limits name.

    Where these name none it may still reply, as far as its ancestors may: the nearest whose limits
    name any tool says so. Thus nobody may more than who spawned it.

    Args:
        own: tools that its limits name.
        inherited: those of its ancestors, the nearest first.
    """
    if own:
        return own
    nearest = next((tools for tools in inherited if tools), (REPLY,))
    return (REPLY,) if REPLY in nearest else ()
