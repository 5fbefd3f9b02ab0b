"""The word list: which general words mean failing, succeeding, asking and being asked."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Words:
    """The sets of `words.toml`, all in lower case; one field a list there, explained there."""

    blame: frozenset[str]
    refusal: frozenset[str]
    fault: frozenset[str]
    weak: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    weak_pairs: frozenset[tuple[str, str]]
    suffixes: frozenset[str]
    leading: frozenset[str]
    outcome: frozenset[str]
    failing_inside: tuple[str, ...]
    own: frozenset[str]
    success: frozenset[str]
    success_inside: tuple[str, ...]
    negators: frozenset[str]
    nothing: frozenset[str]
    access: frozenset[str]
    access_inside: tuple[str, ...]
    source_keys: frozenset[str]
    weak_source_keys: frozenset[str]
    source_prepositions: frozenset[str]
    access_prepositions: frozenset[str]
    destination_keys: frozenset[str]
    destination_prepositions: frozenset[str]
    outgoing: frozenset[str]
    either_way: frozenset[str]
    outgoing_always: frozenset[str]
    outgoing_errors: tuple[str, ...]
    levels: Mapping[str, str]
    level_labels: tuple[str, ...]
    level_keys: tuple[str, ...]
    excused: frozenset[int]
    message_keys: tuple[str, ...]
    asking: frozenset[str]
    stop: frozenset[str]
    prepositions: frozenset[str]
    belonging: frozenset[str]
    message_fields: tuple[str, ...]
    time_fields: tuple[str, ...]
    level_fields: tuple[str, ...]
    holders: frozenset[str]
    own_fields: frozenset[str]
    opaque_fields: frozenset[str]

    def singular(self, word: str) -> str:
        """`word` as the lists have it: a plural of a failing word loses its -s."""
        if word.endswith("s") and (word[:-1] in self.blame or word[:-1] in self.fault):
            return word[:-1]
        return word


def _pairs(rows: Sequence[Sequence[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((row[0], row[1]) for row in rows)


@cache
def words() -> Words:
    """The list, read once from `words.toml` beside this module.

    Raises:
        KeyError: a list is missing in the file.
        tomllib.TOMLDecodeError: the file is not TOML.
    """
    text = files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    failure, success, access = data["failure"], data["success"], data["access"]
    source, destination, outgoing = data["source"], data["destination"], data["outgoing"]
    level, field = data["level"], data["field"]
    return Words(
        blame=frozenset(failure["blame"]),
        refusal=frozenset(failure["refusal"]),
        fault=frozenset(failure["fault"]),
        weak=frozenset(failure["weak"]),
        pairs=_pairs(failure["pairs"]),
        weak_pairs=_pairs(failure["weak_pairs"]),
        suffixes=frozenset(failure["suffixes"]),
        leading=frozenset(failure["leading"]),
        outcome=frozenset(failure["outcome"]),
        failing_inside=tuple(failure["inside"]),
        own=frozenset(failure["own"]),
        success=frozenset(success["words"]),
        success_inside=tuple(success["inside"]),
        negators=frozenset(data["negation"]["before"]),
        nothing=frozenset(data["negation"]["values"]),
        access=frozenset(access["words"]),
        access_inside=tuple(access["inside"]),
        source_keys=frozenset(source["keys"]),
        weak_source_keys=frozenset(source["weak_keys"]),
        source_prepositions=frozenset(source["prepositions"]),
        access_prepositions=frozenset(source["access_prepositions"]),
        destination_keys=frozenset(destination["keys"]),
        destination_prepositions=frozenset(destination["prepositions"]),
        outgoing=frozenset(outgoing["words"]),
        either_way=frozenset(outgoing["either"]),
        outgoing_always=frozenset(outgoing["always"]),
        outgoing_errors=tuple(outgoing["errors"]),
        levels={word: name for name in ("error", "warning", "info") for word in level[name]},
        level_labels=tuple(level["labels"]),
        level_keys=tuple(level["keys"]),
        excused=frozenset(data["status"]["excused"]),
        message_keys=tuple(data["grammar"]["message"]),
        asking=frozenset(data["grammar"]["asking"]),
        stop=frozenset(data["grammar"]["stop"]),
        prepositions=frozenset(data["grammar"]["prepositions"]),
        belonging=frozenset(data["grammar"]["belonging"]),
        message_fields=tuple(field["message"]),
        time_fields=tuple(field["time"]),
        level_fields=tuple(field["level"]),
        holders=frozenset(field["holders"]),
        own_fields=frozenset(field["own"]),
        opaque_fields=frozenset(field["opaque"]),
    )
