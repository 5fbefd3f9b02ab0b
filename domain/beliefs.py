"""What a swarm believes: folded from what its personas said of one key, by small rules (ADR 17).

A belief is folded anew for each reader, from the words that reader may read, so that nothing of a
private word can show in it. Time is only ever what the words carry, and the `now` of the question.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Final

from domain.belief import (
    UNSURE,
    Asserted,
    Belief,
    Checked,
    Contest,
    Contradicted,
    Ended,
    Word,
    belief_id,
)

LEAST: Final = 0.05
MOST: Final = 0.95
"""Nothing is ever sure, and nothing impossible."""
CONFIRMATION: Final = 0.15
CONTEST: Final = -0.25
FADING: Final = 0.98
REVIEWED_EVERY: Final = timedelta(hours=1)

Key = tuple[str, str]
"""Swarm, and belief key or hypothesis id."""


def believe(words: Iterable[Word], now: datetime) -> list[Belief]:
    """Return what these words amount to: a belief for each key that somebody asserts.

    Args:
        words: all that the reader may read of these keys, checks and endings included.
        now: time of the question; what is overdue has faded by then.
    """
    every = sorted(words, key=lambda word: (word.position, isinstance(word, Asserted)))
    ended = {word.persona_id: word.at for word in every if isinstance(word, Ended)}
    return [faded(archived(fold(each), ended), now) for each in _by_key(every).values()]


def fold(words: Sequence[Word]) -> Belief:
    """Fold what was said of one key, in the order of its positions; somebody asserts it."""
    asserted = (word for word in words if isinstance(word, Asserted))
    first = min(asserted, key=lambda word: word.first_position)
    return reduce(evolve, counting(words, first), raised(first))


def counting(words: Sequence[Word], first: Asserted) -> Iterator[Word]:
    """Tell which words count: each persona's last, and all checks the asserter made since."""
    last = {word.persona_id: word for word in words}
    for word in words:
        own_check = word.persona_id == first.persona_id and isinstance(word, Checked)
        if word is last[word.persona_id] or (own_check and word.position > first.position):
            yield word


def evolve(belief: Belief, word: Word) -> Belief:
    """Return a belief after one more word."""
    own = word.persona_id == belief.asserted_by
    match word:
        case Asserted():
            return belief if own else confirmed(belief, word)
        case Contradicted():
            return contested(belief, word)
        case Checked(outcome="passed"):
            return revalidated(belief, word) if own else confirmed(belief, word)
        case Checked(outcome="failed"):
            return invalidated(belief, word) if own else contested(belief, word)
    return belief


def raised(word: Asserted) -> Belief:
    """Return the belief that one hypothesis makes."""
    return Belief(
        belief_id=belief_id(word.swarm_id, word.belief_key),
        swarm_id=word.swarm_id,
        belief_key=word.belief_key,
        claim=word.claim,
        confidence=kept(word.confidence),
        evidence_refs=word.evidence_refs,
        asserted_by=word.persona_id,
        confirmed_by=(),
        contested_by=(),
        contradicts=word.contradicts,
        created_at=word.first_at,
        updated_at=word.at,
        review_after=word.at + REVIEWED_EVERY,
        status="active",
        event_id=word.event_id,
        position=word.position,
    )


def confirmed(belief: Belief, word: Asserted | Checked) -> Belief:
    """Another persona says the same: surer by `CONFIRMATION`, once for each."""
    new = word.persona_id not in belief.confirmed_by
    confidence = kept(belief.confidence + CONFIRMATION) if new else belief.confidence
    back = belief.status == "stale" and confidence >= UNSURE
    return replace(
        belief,
        confidence=confidence,
        confirmed_by=_with(belief.confirmed_by, word.persona_id),
        contested_by=_without(belief.contested_by, word.persona_id),
        evidence_refs=_with(belief.evidence_refs, *word.evidence_refs),
        updated_at=max(belief.updated_at, word.at),
        review_after=max(belief.review_after, word.at + REVIEWED_EVERY),
        status="active" if back else belief.status,
        contests=_settled(belief.contests, word.at),
    )


def contested(belief: Belief, word: Contradicted | Checked) -> Belief:
    """Somebody says otherwise: less sure by `CONTEST`, once for each; stale below `UNSURE`."""
    if word.persona_id in belief.contested_by:
        return belief
    confidence = kept(belief.confidence + CONTEST)
    withstood = belief.is_held and confidence >= UNSURE
    contest = Contest(word.persona_id, word.event_id, max(word.at, belief.created_at))
    return replace(
        belief,
        confidence=confidence,
        confirmed_by=_without(belief.confirmed_by, word.persona_id),
        contested_by=(*belief.contested_by, word.persona_id),
        updated_at=max(belief.updated_at, word.at),
        status="stale" if belief.is_held and not withstood else belief.status,
        contests=(*belief.contests, contest) if withstood else belief.contests,
    )


def revalidated(belief: Belief, word: Checked) -> Belief:
    """Its asserter checked it, and it passed: as sure as the check says."""
    return replace(
        belief,
        confidence=kept(word.confidence_after),
        updated_at=max(belief.updated_at, word.at),
        review_after=max(belief.review_after, word.at + REVIEWED_EVERY),
        status="active",
        contests=_settled(belief.contests, word.at),
    )


def invalidated(belief: Belief, word: Checked) -> Belief:
    """Its asserter checked it, and it failed."""
    return replace(
        belief,
        confidence=kept(word.confidence_after),
        updated_at=max(belief.updated_at, word.at),
        status="invalidated",
        contests=_settled(belief.contests, word.at),
    )


def archived(belief: Belief, ended: Mapping[str, datetime]) -> Belief:
    """Nobody alive holds it any more: its asserter was reaped, as was all who confirmed it."""
    if not belief.is_held or not belief.holders <= ended.keys():
        return belief
    left_at = max(ended[each] for each in belief.holders)
    return replace(belief, status="archived", contests=_settled(belief.contests, left_at))


def faded(belief: Belief, now: datetime) -> Belief:
    """Its review is overdue: fainter by `FADING`, once, and stale until somebody looks."""
    if not belief.is_overdue(now):
        return belief
    return replace(belief, confidence=kept(belief.confidence * FADING), status="stale")


def kept(confidence: float) -> float:
    """Keep a confidence between `LEAST` and `MOST`."""
    return min(MOST, max(LEAST, confidence))


def _by_key(words: Sequence[Word]) -> dict[Key, list[Word]]:
    """Sort words by the key they are about; what nobody asserts is no belief."""
    said: dict[Key, list[Word]] = {}
    raised_as: defaultdict[Key, list[Asserted]] = defaultdict(list)
    for word in words:
        if isinstance(word, Asserted):
            said[word.swarm_id, word.belief_key] = []
            raised_as[word.swarm_id, word.hypothesis_id].append(word)
    for word in words:
        match word:
            case Asserted() | Contradicted():
                about = {(word.swarm_id, word.belief_key)}
            case Checked():
                about = _tested(word, raised_as[word.swarm_id, word.hypothesis_id])
            case _:
                about = set()
        for each in about & said.keys():
            said[each].append(word)
    return said


def _tested(check: Checked, raised_as: Sequence[Asserted]) -> set[Key]:
    """Tell which keys a check tests. Ids are their authors' own: first of all its own."""
    own = [word for word in raised_as if word.persona_id == check.persona_id]
    return {(word.swarm_id, word.belief_key) for word in own or raised_as}


def _settled(contests: tuple[Contest, ...], at: datetime) -> tuple[Contest, ...]:
    return tuple(
        contest if contest.resolved_at else replace(contest, resolved_at=max(contest.at, at))
        for contest in contests
    )


def _with(known: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _without(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(each for each in known if each != one)
