"""What personas said of what they believe: the last word of each on each thing (ADR 17).

A row is one persona's, and guarded as its memory is. What a swarm believes is folded of the rows
that the reader of a query may read: `domain.beliefs`.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from domain.belief import (
    Asserted,
    Belief,
    Checked,
    Contradicted,
    Ended,
    Word,
    belief_id,
    hypothesis_of,
    words_of,
)
from domain.beliefs import believe
from domain.events import CheckResult, HypothesisRaised, PersonaReaped
from domain.recorded import Recorded
from projections.privacy import EVERYTHING, guarded
from projections.statement import NEW, Statement, upsert
from projections.view import Cursor, Row, View

MOST_WORDS: Final = 2_000
"""Most hypotheses one query folds; what is about them comes with them."""
MOST_OF_ONE: Final = 200
"""Most of them by one persona, its newest."""

_DDL: Final = f"""
create table view_beliefs (
    word_id text collate "C" primary key,
    kind text collate "C" not null,
    swarm_id text collate "C" not null,
    persona_id text collate "C" not null,
    belief_id text collate "C",
    hypothesis text collate "C",
    first_position bigint not null,
    first_at timestamptz not null,
    position bigint not null,
    word text not null
) with (fillfactor = 70);
create index on view_beliefs (belief_id, kind);
create index on view_beliefs (hypothesis, kind, persona_id);
create index on view_beliefs (kind, swarm_id, position);
create index on view_beliefs (persona_id, kind, position);
{guarded("view_beliefs")}
"""
_FIRST: Final = "old.{0}"
_SAID: Final = upsert(
    "view_beliefs", "word_id",
    kind=NEW, swarm_id=NEW, persona_id=NEW, belief_id=NEW, hypothesis=NEW,
    first_position=_FIRST, first_at=_FIRST, position=NEW, word=NEW,
)  # fmt: skip
_KINDS: Final[dict[str, type[Word]]] = {
    "asserted": Asserted,
    "contradicted": Contradicted,
    "checked": Checked,
    "ended": Ended,
}


def fold(batch: Sequence[Recorded]) -> list[Statement]:
    """Say what a batch changes: one row a persona and thing it said something of."""
    rows: dict[str, Row] = {}
    for recorded in batch:
        for row in map(_row, words_of(recorded.position, recorded.event)):
            earlier = rows.get(row["word_id"], row)
            first = {name: earlier[name] for name in ("first_position", "first_at")}
            rows[row["word_id"]] = row | first
    return [Statement(_SAID, list(rows.values()))] if rows else []


VIEW: Final = View(
    name="beliefs",
    version=2,
    table="view_beliefs",
    ddl=_DDL,
    topics=frozenset([HypothesisRaised.topic, CheckResult.topic, PersonaReaped.topic]),
    fold=fold,
)


def _row(word: Word) -> Row:
    about = hypothesis = None
    match word:
        case Asserted():
            about = belief_id(word.swarm_id, word.belief_key)
            hypothesis = hypothesis_of(word.swarm_id, word.hypothesis_id)
        case Contradicted():
            about = belief_id(word.swarm_id, word.belief_key)
        case Checked():
            hypothesis = hypothesis_of(word.swarm_id, word.hypothesis_id)
    kind = next(name for name, each in _KINDS.items() if isinstance(word, each))
    named = [kind, word.swarm_id, word.persona_id, about or hypothesis]
    return {
        "word_id": sha256(json.dumps(named).encode()).hexdigest(),
        "kind": kind,
        "swarm_id": word.swarm_id,
        "persona_id": word.persona_id,
        "belief_id": about,
        "hypothesis": hypothesis,
        "first_position": word.position,
        "first_at": word.at,
        "position": word.position,
        "word": word.model_dump_json(),
    }


_READABLE: Final = f"""
select persona_id from view_sharing
where (%(swarm_id)s::text is null or swarm_id = %(swarm_id)s)
    and ((select memory_reader()) = '{EVERYTHING.name}'
        or persona_id in (select memory_owners(false)))
"""  # noqa: S608  names of our own
_NEWEST: Final = f"""
select belief_id from ({_READABLE}) as speaker cross join lateral (
    select belief_id, position, row_number() over (order by position desc) as turn
    from view_beliefs where kind = 'asserted' and persona_id = speaker.persona_id
    order by position desc limit {MOST_OF_ONE}
) as said order by turn, position desc limit {MOST_WORDS}
"""  # noqa: S608  names of our own
"""Keys of the newest hypotheses, in turns: one of each persona, then the second of each."""
_TESTS: Final = """
settling.kind = 'checked' and settling.hypothesis = raised.hypothesis
and (settling.persona_id = raised.persona_id or not exists (
    select from view_beliefs as own where own.kind = 'asserted'
    and own.hypothesis = settling.hypothesis and own.persona_id = settling.persona_id))
"""
"""Whether a check tests a hypothesis. Ids are their authors' own: first of all its own."""
_ABOUT: Final = """
with newest as materialized (
    {newest}
), asserted as materialized (
    select * from view_beliefs where kind = 'asserted'
    and belief_id in (select belief_id from newest)
)
select * from asserted
union all select * from view_beliefs where kind = 'contradicted'
    and belief_id in (select belief_id from newest)
union all select * from view_beliefs as settling
    where hypothesis = any(array(select hypothesis from asserted))
    and exists (select from asserted as raised where {tests})
union all select * from view_beliefs where kind = 'ended'
    and persona_id in (select persona_id from asserted)
"""
_OF_ALL: Final = _ABOUT.format(newest=_NEWEST, tests=_TESTS)
_OF_ONE: Final = _ABOUT.format(newest="select %(belief_id)s::text as belief_id", tests=_TESTS)
_QUESTIONS: Final = f"""
select * from view_beliefs as raised where kind = 'asserted' and swarm_id = %(swarm_id)s
and not exists (select from view_beliefs as settling
    where settling.position > raised.position and {_TESTS})
order by position desc limit %(limit)s
"""  # noqa: S608  names of our own


def select(cursor: Cursor, now: datetime, *, swarm_id: str | None = None) -> list[Belief]:
    """Return what a swarm, or any, believes at a time, as far as the reader may know.

    The surest come first.
    """
    found = believe(map(_word, cursor.execute(_OF_ALL, {"swarm_id": swarm_id})), now)
    return sorted(found, key=lambda belief: (-belief.confidence, belief.belief_id))


def one(cursor: Cursor, belief_id: str, now: datetime) -> Belief | None:
    """Return a belief, None if the reader knows of none of this id."""
    said = map(_word, cursor.execute(_OF_ONE, {"belief_id": belief_id}))
    return next(iter(believe(said, now)), None)


def questions(cursor: Cursor, swarm_id: str, limit: int) -> list[Asserted]:
    """Return hypotheses of a swarm that no check has settled, newest first."""
    cursor.execute(_QUESTIONS, {"swarm_id": swarm_id, "limit": limit})
    return [word for word in map(_word, cursor) if isinstance(word, Asserted)]


def findings(cursor: Cursor, swarm_id: str, limit: int) -> list[Checked]:
    """Return what the checks of a swarm found, newest first."""
    cursor.execute(
        "select * from view_beliefs where kind = 'checked' and swarm_id = %(swarm_id)s"
        " order by position desc limit %(limit)s",
        {"swarm_id": swarm_id, "limit": limit},
    )
    return [word for word in map(_word, cursor) if isinstance(word, Checked)]


def _word(found: Row) -> Word:
    word = _KINDS[found["kind"]].model_validate_json(found["word"])
    if isinstance(word, Asserted):
        first = {name: found[name] for name in ("first_position", "first_at")}
        return word.model_copy(update=first)
    return word
