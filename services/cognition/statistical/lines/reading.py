"""What one line says, address and all: masked, understood, and put together again."""

from typing import NamedTuple

from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.level import numeric
from services.cognition.statistical.lines.mask import mask
from services.cognition.statistical.lines.meaning import Meaning, understand
from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.lines.status import Answer, answer
from services.cognition.statistical.lines.structured import Structured
from services.cognition.statistical.lines.words import words

_NOBODY = frozenset({"", "0.0.0.0", "::", "unknown", "localhost", "localdomain"})  # noqa: S104  read in logs, not bound
_Key = tuple[str, str, int | None]
"""A shape, the level its line gave that it has no more, where its message ends if it is JSON."""


class Reading(NamedTuple):
    """What one line says.

    Attributes:
        shape: what all lines like it have in common.
        meaning: what they mean.
        failing: it tells of a failure.
        loud: a failure that may be part of a burst: no level below a warning, no stack frame.
        blamed: whoever asked can be held to it.
        success: it tells that whoever asked succeeded.
        client: it is an answer 4xx.
        signature: of the failure; None without one.
        source: who asked; empty if nobody can be named.
        mentions: every address in it, the source first.
        words: of a JSON line, the fields whose value is a word, for its template.
    """

    shape: str
    meaning: Meaning
    failing: bool
    loud: bool
    blamed: bool
    success: bool
    client: bool
    signature: Phrase | None
    source: str
    mentions: tuple[str, ...]
    words: tuple[tuple[str, str], ...] = ()


class Reader:
    """Reads lines; remembers the meaning of the shapes it met last."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[_Key, Meaning] = {}

    def read(self, text: str, found: Structured | None = None) -> Reading:
        """What a line says; the same for any history.

        Args:
            text: the line.
            found: the same by its fields, if it is JSON: then nothing else is looked at.
        """
        if found is None:
            told = answer(text)
            if told is not None and told.logged:
                return self._logged(told)
            shape, addresses = mask(text)
            level = numeric(text) if text[:1] in "<{" or "level=" in text else ""
            key: _Key = (shape, level, None)
        else:
            told = None if found.status is None else Answer(found.status, "", False)
            message, addresses = mask(found.message)
            addresses += found.addresses
            shape = f"{message} | {found.rest}"
            key = (shape, found.level, len(message))
        meaning = self._known.get(key)
        if meaning is None:
            meaning = self._learn(key)
        chosen = {addresses[at] for at in meaning.asker if at < len(addresses)}
        source = chosen.pop() if len(chosen) == 1 else ""
        if source in _NOBODY or source in words().nothing:
            source = ""
        mentions = (source, *(a for a in addresses if a != source)) if source else tuple(addresses)
        if told is not None and told.status >= 400:
            keyed = self._keyed(told, shape, meaning, source, mentions)
            return keyed if found is None else keyed._replace(words=found.words)
        fine = told is not None and not (meaning.stated or meaning.level in {"error", "warning"})
        failing = meaning.failing and not fine
        return Reading(
            shape=shape,
            meaning=meaning,
            failing=failing,
            loud=failing and meaning.level != "info" and not meaning.frame,
            blamed=failing and meaning.blamed and source != "",
            success=source != "" and (meaning.success or (told is not None and not failing)),
            client=False,
            signature=meaning.signature,
            source=source,
            mentions=mentions,
            words=() if found is None else found.words,
        )

    def size(self) -> int:
        """How many shapes are remembered."""
        return len(self._known)

    def _learn(self, key: _Key) -> Meaning:
        if len(self._known) >= self._limits.shapes:
            for old in list(self._known)[: self._limits.shapes // 4]:
                del self._known[old]
        meaning = self._known[key] = understand(*key)
        return meaning

    def _logged(self, told: Answer) -> Reading:
        source = "" if told.source in _NOBODY else told.source
        shape = told.signature.text
        return Reading(
            shape=shape,
            meaning=_answered(told),
            failing=told.failing,
            loud=told.failing,
            blamed=told.blamed and source != "",
            success=source != "" and told.status < 400,
            client=told.blamed,
            signature=told.signature if told.failing else None,
            source=source,
            mentions=(source,) if source else (),
        )

    def _keyed(
        self, told: Answer, shape: str, meaning: Meaning, source: str, mentions: tuple[str, ...]
    ) -> Reading:
        return Reading(
            shape=shape,
            meaning=meaning,
            failing=told.failing,
            loud=told.failing and (told.blamed or meaning.level != "info"),
            blamed=told.blamed and source != "" and not meaning.outgoing,
            success=False,
            client=told.blamed,
            signature=told.signature if told.failing else None,
            source=source,
            mentions=mentions,
        )


def _answered(told: Answer) -> Meaning:
    """The meaning of an access log's line: its status is all of it."""
    words_of_it = tuple(told.signature.text.split())
    return Meaning(
        level="",
        failing=told.failing,
        blamed=told.blamed,
        success=told.status < 400,
        signature=told.signature,
        general=told.signature,
        neighbour=-1,
        asker=(),
        stated=True,
        outgoing=False,
        frame=False,
        template=words_of_it,
        anchor=told.signature.key,
    )
