"""Labels of what a model is shown, and what each stands for. Only a label can be cited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.references import Span, read_reference
from domain.thinking import ObservedLine, OpenHypothesis, ThinkRequest

MOST_LABELS: Final = 500
"""Most things labelled in one prompt: servers take about a thousand words in a schema."""
MOST_CITED: Final = 16
"""Most pieces of evidence named of one hypothesis under test."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown, by label."""

    refs: Mapping[str, str] = field(default_factory=dict)
    """Label to reference, of what may be cited."""
    hypotheses: Mapping[str, OpenHypothesis] = field(default_factory=dict)
    """Label to hypothesis, of those to test."""
    cited: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Label of a hypothesis to labels of what it rests on, as far as that is shown."""
    tools: Sequence[str] = ()
    """Tools that may be proposed."""


def reference_of(line: ObservedLine) -> str:
    """Return the reference of one line."""
    return f"{line.position}#{line.number}"


def label(request: ThinkRequest, tools: Sequence[str]) -> Shown:
    """Give labels: `e1`... to lines and memories, `h1`... to hypotheses, in their order."""
    every = [reference_of(line) for line in request.lines]
    every += [memory.ref for memory in request.memories]
    labels = {ref: f"e{n}" for n, ref in enumerate(dict.fromkeys(every), 1)}
    hypotheses = {f"h{n}": each for n, each in enumerate(request.hypotheses, 1)}
    return Shown(
        refs={name: ref for ref, name in labels.items()},
        hypotheses=hypotheses,
        cited={h: _cited(each, request.lines, labels) for h, each in hypotheses.items()},
        tools=tools,
    )


def _cited(
    hypothesis: OpenHypothesis, lines: Sequence[ObservedLine], labels: Mapping[str, str]
) -> list[str]:
    """Return the labels of what a hypothesis rests on."""
    spans = dict[int, list[Span]]()
    for ref in map(read_reference, hypothesis.evidence_refs):
        if ref.position is not None:
            spans.setdefault(ref.position, []).extend(ref.spans)
    found = [labels[ref] for ref in hypothesis.evidence_refs if ref in labels]
    for line in lines:
        if any(first <= line.number <= last for first, last in spans.get(line.position, ())):
            found.append(labels[reference_of(line)])
    return list(dict.fromkeys(found))[:MOST_CITED]
