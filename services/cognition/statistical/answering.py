"""Answers a question by what memory says of it: no model, so in the words of the memories."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.asking import reply_title
from domain.events.cognition import Thinker, Usage
from domain.mind import is_inherited
from domain.references import position_of
from domain.thinking import Answer, Memory, ThinkRequest, ThinkResult
from services.cognition.statistical.lines.words import words

MOST_SAID = 3
"""Memories told in one answer."""
MOST_CHARS = 400
"""Characters told of one memory."""
CLOSE = 0.45
"""Score from which a memory counts that shares no word with the question."""
NOTHING = "Nothing I remember speaks of that."
MOST_NAMED = 8
"""Numbers and addresses of a memory that speak for it; more say no more."""
_NAMED = re.compile(r"\b\d[\w.:-]*")
_WORD = re.compile(r"[^\W_]{3,}")


class _Saying(NamedTuple):
    """One thing memory says."""

    shared: int
    """Words it shares with the question."""
    score: float
    text: str
    ref: str


def answered(request: ThinkRequest) -> ThinkResult:
    """Return what the memories of a request say to its question, the closest first."""
    question = request.question.text if request.question else ""
    asked_by = request.question.asked_by if request.question else ""
    said = _closest(question, request.memories)
    told = "\n".join(f"{each.text} [{each.ref}]" for each in said) or NOTHING
    return ThinkResult(
        content=f"{reply_title(asked_by, question[:MOST_CHARS])}\n{told}",
        thinker=Thinker(source="statistical"),
        usage=Usage(),
        impact=0.3,
        answer=Answer(told, tuple(dict.fromkeys(each.ref for each in said))),
    )


def _closest(question: str, memories: Sequence[Memory]) -> list[_Saying]:
    wanted = _words(question) - words().asking - words().stop
    every = {each.text: each for each in _sayings(wanted, memories)}.values()
    fitting = [each for each in every if each.shared or each.score >= CLOSE]
    return sorted(fitting, key=_rank)[:MOST_SAID]


def _rank(said: _Saying) -> tuple[int, int, float, int]:
    """Return what says most first: by its numbers and names; of equals the newest."""
    named = min(MOST_NAMED, len(_NAMED.findall(said.text)))
    return -said.shared, -named, -said.score, -(position_of(said.ref) or 0)


def _sayings(wanted: set[str], memories: Sequence[Memory]) -> Iterator[_Saying]:
    for memory in memories:
        summary = () if memory.tier == "cold" else (memory.text,)  # it only counts thoughts
        facts = [fact for fact in memory.facts if not is_inherited(fact)]  # nor do children's
        for text in facts or summary:
            one_line = " ".join(text.split())
            shared = len(wanted & _words(one_line))
            yield _Saying(shared, memory.score or 0.0, one_line[:MOST_CHARS], memory.ref)


def _words(text: str) -> set[str]:
    """Return the words of a text as they are compared: without case and the -s of a plural."""
    return {word.removesuffix("s") for word in _WORD.findall(text.lower())}
