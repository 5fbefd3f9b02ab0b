"""What a masked line means: a pure function of its shape, so one answer serves all like it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from services.cognition.statistical.lines.blame import getting_in, goes_out, own_fault, turned_away
from services.cognition.statistical.lines.level import level as level_of
from services.cognition.statistical.lines.mask import SIGNS
from services.cognition.statistical.lines.message import message
from services.cognition.statistical.lines.phrase import Phrase, around, opening, phrase
from services.cognition.statistical.lines.role import TO, asker, roles
from services.cognition.statistical.lines.token import Token, tokens
from services.cognition.statistical.lines.verdict import BLAME, Verdict, verdict
from services.cognition.statistical.lines.words import words

_FRAME = re.compile(r"\s+at\s\S|\s*\.\.\. |caused by:|traceback \(|\s+file \"", re.IGNORECASE)
_ANY_SIGN = re.compile(f"[{SIGNS}]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What lines of one shape say.

    Attributes:
        level: 'error', 'warning', 'info', or '' for a line that says none.
        failing: it tells of a failure.
        blamed: a failure that whoever asked can be held to.
        success: it tells of a success.
        signature: of the failure; None without one.
        general: the signature to use if `neighbour` varies.
        neighbour: place in `template` of the word that makes the signature; -1 if none does.
        asker: indices of the addresses that ask; empty if none, all must be equal.
        stated: its message says so, not just any value of a structured line.
        outgoing: it names a party that this side asked.
        frame: it goes on with what an earlier line began, like a line of a stack trace.
        template: the words of the message, `*` for what varies.
        anchor: the failing word, or the first constant one: what the template is filed under.
    """

    level: str
    failing: bool
    blamed: bool
    success: bool
    signature: Phrase | None
    general: Phrase | None
    neighbour: int
    asker: tuple[int, ...]
    stated: bool
    outgoing: bool
    frame: bool
    template: tuple[str, ...]
    anchor: str


def understand(shape: str, given_level: str = "", ends: int | None = None) -> Meaning:
    """What a line of this shape means.

    Args:
        shape: the line as `mask` left it.
        given_level: its level if it gave one that the shape has no more: in numbers, in a field.
        ends: where its message ends, if fields of JSON follow it.
    """
    named, head = level_of(shape if ends is None else shape[:ends])
    level = given_level or named
    everything = tokens(shape)
    found, told, begin, end = _part(everything, shape, head, level, ends)
    if ends is not None and end > ends and not told.kind:
        found = list(takewhile(lambda token: token.text != ",", found))  # fields have no order
    signature, general, near = _signature(found, told, level)
    failing = signature is not None
    structured = ends is not None or shape.lstrip()[:1] == "{"
    where = roles(everything)
    access = bool(where) and getting_in(everything)
    outgoing = bool(where) and goes_out(everything, shape, access, signature)
    blamed = (
        failing
        and bool(where)
        and told.kind == BLAME
        and not outgoing
        and (access or not own_fault(found))
        and (access or TO not in where or turned_away(found))
    )
    template = tuple(_ANY_SIGN.sub("*", shape[begin : end if ends is None else None]).split())
    anchor = found[told.at].low if told.kind else signature.key if signature else ""
    return Meaning(
        level=level,
        failing=failing,
        blamed=blamed,
        success=told.succeeded and not failing,
        signature=signature,
        general=general,
        neighbour=-1 if near is None else len(shape[begin : near.start + 1].split()) - 1,
        asker=asker(where, access, structured),
        stated=end <= ends if ends is not None else not (structured and begin == 0),
        outgoing=outgoing,
        frame=_FRAME.match(shape) is not None,
        template=template,
        anchor=anchor or next((word for word in template if "*" not in word), ""),
    )


def _part(
    everything: Sequence[Token], shape: str, head: int, level: str, ends: int | None
) -> tuple[Sequence[Token], Verdict, int, int]:
    """The part of the line that tells what it is about, with its verdict and its bounds.

    It is the message, unless that has no words, or it is only a part of a structured line and
    another part of that fails.
    """
    begin, end = message(shape, head) if ends is None else (head, ends)
    found = [token for token in everything if begin <= token.start < end]
    told = verdict(found, level)
    wordless = not any(token.word for token in found)
    if wordless or (not told.kind and end < len(shape)):
        whole = verdict(everything, level)
        if wordless or whole.kind:
            return everything, whole, 0, len(shape)
    return found, told, begin, end


def _signature(
    found: Sequence[Token], told: Verdict, level: str
) -> tuple[Phrase | None, Phrase | None, Token | None]:
    """The signature of a failure, the one to use if its neighbour varies, and the neighbour."""
    if told.succeeded and level != "error":
        return None, None, None
    if not told.kind:
        first = opening(found) if level == "error" else None
        return first, first, None
    token = found[told.at]
    if token.low.isascii():
        return around(found, told.at, told.width)
    text = _cut(token.text)
    cut = phrase([Token(text, text.lower(), token.start, token.end, True, False)])
    return cut, cut, None


def _cut(text: str) -> str:
    """A failing part of a run of letters that has no spaces, with what is next to it."""
    for word in words().failing_inside:
        at = text.find(word)
        if at >= 0:
            return text[max(0, at - 2) : at + len(word) + (0 if at else 4)]
    return text[:12]
