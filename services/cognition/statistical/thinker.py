"""The `statistical` thinker: counts instead of guessing, no model, no network."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from domain.budget import Credits
from domain.canonical import canonical
from domain.events.cognition import Thinker, Usage
from domain.events.gate import Action
from domain.references import cite, lines_of
from domain.thinking import (
    Checked,
    ChildWanted,
    ObservedLine,
    OpenHypothesis,
    Proposed,
    Supposed,
    ThinkRequest,
    ThinkResult,
)
from services.cognition.statistical.answering import answered
from services.cognition.statistical.finding import Finding
from services.cognition.statistical.focus import Focus
from services.cognition.statistical.line import Line
from services.cognition.statistical.lines.phrase import key_of
from services.cognition.statistical.notebook import Notebook
from services.cognition.statistical.noticed import Noticed
from services.cognition.statistical.raised import Raised
from services.cognition.statistical.recount import recount
from services.cognition.statistical.suggest import suggest

SOURCE = Thinker(source="statistical")
T = TypeVar("T")

FOCUS = "focus:"
"""Tag of a persona that watches only one signature."""
SLICE_MS = 2_000
"""Longest one step takes: input is read in lots that need a fraction of it."""
PLACES = 2
"""Personas that think at once, all on one interpreter: more would only hold each other up."""
RAISED_AT_ONCE = 32


class StatisticalThinker:
    """Keeps a notebook for each persona; the same input gives the same thoughts."""

    def __init__(self) -> None:
        self._notebooks: dict[str, Notebook] = {}
        self._upto: dict[str, tuple[int, int]] = {}
        """Position and number of the last line of each persona that is read, or begun to be."""
        self._raised = defaultdict[str, Raised](Raised)
        self._places = asyncio.Semaphore(PLACES)
        self._threads = ThreadPoolExecutor(PLACES, "statistical")

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        """Show all of it: there is no prompt."""
        return request

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place, so that what waits does not count as thinking."""
        async with self._places:
            yield

    def worst_case(self, request: ThinkRequest) -> Credits:
        """No tokens; the time of one slice."""
        return Credits(0, SLICE_MS)

    async def think(self, request: ThinkRequest) -> ThinkResult:
        """Answer one request, off the event loop."""
        return await self._run(self._think, request)

    async def recall(self, request: ThinkRequest) -> None:
        """Read lines again that the persona had read before this process began."""
        async with self.turn():
            await self._run(self._recall, request)

    def forget(self, persona_id: str) -> None:
        """Drop a persona's notebook."""
        self._notebooks.pop(persona_id, None)
        self._upto.pop(persona_id, None)
        self._raised.pop(persona_id, None)

    async def _run(self, work: Callable[[ThinkRequest], T], request: ThinkRequest) -> T:
        """Work in a thread of its own: others are full of what waits for the store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, request)

    def _recall(self, request: ThinkRequest) -> None:
        self._read(request)

    def _read(self, request: ThinkRequest) -> Noticed:
        """Read what is new to its notebook: a step that is taken again counts no line twice."""
        who = request.persona_id
        upto = self._upto.get(who, (-1, -1))
        fresh = [line for line in _lines(request.lines) if (line.position, line.number) > upto]
        if fresh:
            self._upto[who] = fresh[-1].position, fresh[-1].number
            self._raised[who].keep()
        return self._notebook(request).read(fresh)

    def _think(self, request: ThinkRequest) -> ThinkResult:
        began = time.perf_counter()
        step = {
            "observe": self._observe,
            "reflect": self._reflect,
            "test": self._test,
            "compress": self._compress,
        }[request.phase]
        if request.question is not None:
            answer = answered(request)
        else:
            raised = self._raised[request.persona_id]
            if request.phase == "reflect":  # before anything followed: that one was not saved
                raised.take_back()
            else:
                raised.keep()
            answer = step(request)
        spent_ms = int((time.perf_counter() - began) * 1000)
        return replace(answer, usage=Usage(cpu_ms=spent_ms))

    def _observe(self, request: ThinkRequest) -> ThinkResult:
        noticed = self._read(request)
        told = [noticed.text] if request.lines else []
        told += [f"Inherited from {m.text}" for m in request.memories]
        impact = 0.3 if noticed.failing or noticed.new_templates else 0.05
        return _answer(" ".join(told), impact)

    def _reflect(self, request: ThinkRequest) -> ThinkResult:
        notebook = self._notebook(request)
        findings = notebook.findings()
        wanted = self._watchers(request, notebook)
        watched = {key_of(_signature(tag)) for tag in request.children if tag.startswith(FOCUS)}
        watched |= {key_of(focus.signature) for focus in wanted}
        mine = [f for f in findings if self._is_mine(f, notebook, watched)]
        news = [f for f in mine if self._is_news(request, f)][:RAISED_AT_ONCE]
        raised = self._raised[request.persona_id]
        for finding in news:
            raised.note(finding.key, finding.count)
        raised.let_go({finding.key for finding in findings})
        told = " ".join(f.claim for f in news[:5]) or "Nothing that was not known."
        if wanted:
            told += f" Worth a watcher: {', '.join(focus.signature for focus in wanted)}."
        return replace(
            _answer(told, 0.5 if news or wanted else 0.05),
            hypotheses=[_supposed(f) for f in news],
            children=[_child(focus, findings) for focus in wanted],
        )

    def _test(self, request: ThinkRequest) -> ThinkResult:
        by_key = {f.key: f for f in self._notebook(request).findings()}
        checks = [_checked(request, h, by_key.get(h.belief_key)) for h in request.hypotheses]
        told = " ".join(check.excerpt for check in checks[:5])
        return replace(_answer(told, 0.7), checks=checks)

    def _compress(self, request: ThinkRequest) -> ThinkResult:
        findings = self._notebook(request).findings()
        told = " ".join(f.claim for f in findings[:3]) or "Nothing of note."
        return _answer(told, 0.2)

    def _watchers(self, request: ThinkRequest, notebook: Notebook) -> list[Focus]:
        new = [f for f in notebook.deserves_a_watcher() if _tag(f) not in request.children]
        grown = [f for f in new if self._is_grown(request.persona_id, f, notebook)]
        return grown[: request.free_places]

    def _is_grown(self, persona_id: str, focus: Focus, notebook: Notebook) -> bool:
        """Tell whether a part got a watcher never, or has doubled since the last one."""
        count = sum(f.count for f in notebook.findings() if f.signature == focus.signature)
        raised = self._raised[persona_id]
        if not raised.is_news(focus.key, count):
            return False
        raised.note(focus.key, count)
        return True

    def _is_mine(self, finding: Finding, notebook: Notebook, watched: set[str]) -> bool:
        if notebook.focus is not None:
            return key_of(finding.signature) == key_of(notebook.focus.signature)
        return key_of(finding.signature) not in watched

    def _is_news(self, request: ThinkRequest, finding: Finding) -> bool:
        """Tell whether a finding was never raised, or has doubled since."""
        raised = self._raised[request.persona_id]
        if finding.key in request.known and finding.key not in raised:
            raised.note(finding.key, finding.count)
        return raised.is_news(finding.key, finding.count)

    def _notebook(self, request: ThinkRequest) -> Notebook:
        if request.persona_id not in self._notebooks:
            tags = [_signature(t) for t in request.identity.tags if t.startswith(FOCUS)]
            focus = Focus(tags[0], request.identity.charter) if tags else None
            self._notebooks[request.persona_id] = Notebook(focus)
        return self._notebooks[request.persona_id]


def _answer(content: str, impact: float) -> ThinkResult:
    return ThinkResult(content, SOURCE, Usage(), impact)


def _supposed(finding: Finding) -> Supposed:
    return Supposed(finding.key, finding.claim, finding.confidence, cite(finding.cites))


def _child(focus: Focus, findings: Sequence[Finding]) -> ChildWanted:
    cited = [p for f in findings if f.signature == focus.signature for p in f.cites]
    since = [f"since:{min(cited)}"] if cited else []
    return ChildWanted(focus.key, focus.name, "watcher", focus.charter, (_tag(focus), *since))


def _checked(request: ThinkRequest, hypothesis: OpenHypothesis, finding: Finding | None) -> Checked:
    if finding is None or cite(finding.cites) != hypothesis.evidence_refs:
        reason = "What it rests on has changed since it was raised."
        confidence = hypothesis.confidence
        return Checked(hypothesis.hypothesis_id, "recount", {}, "inconclusive", confidence, reason)
    cited = lines_of(hypothesis.evidence_refs)
    lines = [line for line in request.lines if line.number in cited.get(line.position, ())]
    counted = recount(finding.spec, _lines(lines))
    passed = counted.outcome == "passed"
    confidence = min(0.95, hypothesis.confidence + 0.15) if passed else 0.05
    return Checked(
        hypothesis.hypothesis_id,
        "recount",
        finding.spec,
        counted.outcome,
        confidence if counted.outcome != "inconclusive" else hypothesis.confidence,
        counted.reason,
        hypothesis.evidence_refs,
        _proposed(finding, hypothesis) if finding.key not in request.known else None,
    )


def _proposed(finding: Finding, hypothesis: OpenHypothesis) -> Proposed:
    suggested = suggest(finding)
    arguments = canonical(dict(suggested.arguments))
    return Proposed(
        suggested.title,
        " ".join([finding.claim, finding.rationale, *finding.facts]),
        Action(tool=suggested.tool, target=suggested.target, arguments=arguments),
        suggested.risk,
        hypothesis.evidence_refs,
    )


def _lines(lines: Sequence[ObservedLine]) -> list[Line]:
    return [Line(line.source, line.position, line.number, line.text) for line in lines]


def _tag(focus: Focus) -> str:
    return f"{FOCUS}{focus.signature}"


def _signature(tag: str) -> str:
    return tag.removeprefix(FOCUS)
