"""A step that is taken again, since it was not saved, counts no line twice."""

from dataclasses import replace

from domain.thinking import ObservedLine
from services.cognition.statistical.thinker import StatisticalThinker
from tests.unit.cognition.scripted import REQUEST

FAILED = "Nov 23 10:00:00 host sshd[1]: Failed password for root from 192.0.2.7 port 22 ssh2"
LINES = [ObservedLine("auth.log", 7, number, FAILED) for number in range(9)]


async def test_lines_that_are_shown_again_are_counted_once() -> None:
    thinker, request = StatisticalThinker(), replace(REQUEST, lines=LINES[:6])
    await thinker.recall(replace(REQUEST, lines=LINES[:4]))
    await thinker.think(request)
    await thinker.think(request)
    await thinker.think(replace(request, lines=LINES))

    reflected = await thinker.think(replace(request, phase="reflect"))
    [supposed] = reflected.hypotheses
    assert "failed 9 times" in supposed.claim
    assert supposed.evidence_refs == ("7#0-8",)

    assert (await thinker.think(replace(request, phase="compress"))).error is None
    reflected = await thinker.think(replace(request, phase="reflect"))
    assert not reflected.hypotheses, "what was saved, as the step after it shows, is no news"

    thinker.forget(REQUEST.persona_id)
    await thinker.think(request)
    [supposed] = (await thinker.think(replace(request, phase="reflect"))).hypotheses
    assert "failed 6 times" in supposed.claim


async def test_what_a_step_raised_that_was_not_saved_is_raised_again() -> None:
    thinker, request = StatisticalThinker(), replace(REQUEST, lines=LINES)
    await thinker.think(request)
    reflecting = replace(request, phase="reflect")

    first = await thinker.think(reflecting)
    assert first.hypotheses
    await thinker.recall(request)
    assert (await thinker.think(reflecting)).hypotheses == first.hypotheses

    await thinker.think(replace(request, phase="test"))
    assert not (await thinker.think(reflecting)).hypotheses
