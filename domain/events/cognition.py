"""What personas see, think, suppose, check and distil."""

from typing import ClassVar

from domain.events.envelope import Body, Event


class ContextRef(Body):
    """One memory that was shown to the thinker."""

    ref: str
    """What was shown: an event id, or `POSITION#LINES` of an observation batch."""
    tier: str
    """Where it came from: hot, warm, cold, input or question."""
    score: float | None = None
    """How well it matched, 0 to 1; null where it was not searched for."""


class Thinker(Body):
    """Who thought: which thinker, which model, from which prompt."""

    source: str
    """Kind of thinker: statistical, openai or external."""
    model: str | None = None
    """Model that answered, null where there is none."""
    prompt_hash: str | None = None
    """SHA-256 of the prompt as sent, hex; null where there was none."""


class Usage(Body):
    """What one call of a thinker cost."""

    prompt_tokens: int = 0
    """Tokens read."""
    completion_tokens: int = 0
    """Tokens written."""
    cpu_ms: int = 0
    """Elapsed time of the call in milliseconds, charged as cpu credits."""
    cost_micro_usd: int = 0
    """Price of the call in millionths of a US dollar."""

    @property
    def tokens(self) -> int:
        """Tokens charged: those read and those written."""
        return self.prompt_tokens + self.completion_tokens


class ObservationReceived(Event):
    """A batch of lines of one source, as it came in."""

    topic: ClassVar[str] = "observation.received"

    source: str
    """Where it came from: a file's path, `-`, or a name the sender gave."""
    content: str
    """The lines, joined by LF; undecodable bytes replaced by U+FFFD."""
    line_count: int
    """Number of lines in `content`."""
    first_line: int
    """Number of the first line within its source, from 0; a file rotated or cut begins anew."""
    offset: int
    """Where a follower goes on: bytes of a file, or the next record's offset on Kafka."""
    replaced_bytes: int = 0
    """How many undecodable bytes were replaced."""
    continues: bool = False
    """True if the first line continues the last line of the batch before it."""
    unfinished: bool = False
    """True if the last line goes on in the next batch."""
    ending: str = "\n"
    """Line ending of the source, LF or CRLF; taken off the lines."""
    format: str = "text"
    """What the lines are, for who reads them: text, json, journald or docker."""
    file: str | None = None
    """File `offset` counts in, and what ends there; null where it came from no file."""


class ObservationDropped(Event):
    """Lines of one source that came in and are not kept."""

    topic: ClassVar[str] = "observation.dropped"

    source: str
    """Where they came from, as in `observation.received`."""
    lines: int
    """How many lines; one cut in pieces counts where it begins."""
    bytes: int
    """How many bytes."""
    first_line: int
    """Number of the first of them within its source, from 0."""
    offset: int
    """Bytes of the source consumed with them: where a follower goes on."""
    reason: str
    """Why: rate (more than the source's limit), gone (its file was removed unread), or size."""
    continues: bool = False
    """True if the first line continues the last line of what came before."""
    unfinished: bool = False
    """True if the last line goes on in what comes next."""
    file: str | None = None
    """File `offset` counts in, and what ends there; null where it came from no file."""


class ThoughtGenerated(Event):
    """One step of a persona's cognition loop."""

    topic: ClassVar[str] = "thought.generated"

    phase: str
    """Step of the loop: observe, reflect, test or compress."""
    content: str
    """What was thought, in words."""
    impact: float
    """How much it matters, 0 to 1; decides what memory keeps."""
    context_refs: tuple[ContextRef, ...] = ()
    """Which memories were shown to the thinker."""
    thinker: Thinker
    """Who thought it."""
    usage: Usage
    """What it cost."""
    latency_ms: int = 0
    """Time from asking to the answer, milliseconds."""
    finish_reason: str | None = None
    """Why the thinker stopped: stop, length, fallback, error; null if it did not say."""
    error: str | None = None
    """What went wrong, null if nothing did."""
    fallback_reason: str | None = None
    """Why this thinker answered and not the persona's own; null if its own did."""


class HypothesisRaised(Event):
    """A persona supposes something and says what it rests on."""

    topic: ClassVar[str] = "hypothesis.raised"

    hypothesis_id: str
    """Id of the hypothesis."""
    belief_key: str
    """What it is about: lower case, `-` for spaces; equal keys speak of the same thing."""
    claim: str
    """The claim in words, with its numbers."""
    confidence: float
    """How sure the persona is, 0 to 1."""
    evidence_refs: tuple[str, ...] = ()
    """What it rests on: event ids, or `POSITION#LINES` of observations."""
    contradicts: tuple[str, ...] = ()
    """Belief keys it contradicts."""


class CheckRequested(Event):
    """A hypothesis is to be tested."""

    topic: ClassVar[str] = "check.requested"

    check_id: str
    """Id of the check."""
    hypothesis_id: str
    """Hypothesis it tests."""
    kind: str
    """How it is tested: recount, or a name the agent gave."""
    spec: str
    """What exactly is tested, RFC 8785 JSON."""


class CheckResult(Event):
    """A check ended."""

    topic: ClassVar[str] = "check.result"

    check_id: str
    """Check that ended."""
    hypothesis_id: str
    """Hypothesis it tested."""
    outcome: str
    """passed, failed or inconclusive."""
    confidence_after: float
    """How sure the persona is now, 0 to 1."""
    evidence_refs: tuple[str, ...] = ()
    """What was looked at: event ids, or `POSITION#LINES` of observations."""
    excerpt: str
    """What was found, in a few words with the numbers."""


class SnapshotCompressed(Event):
    """Thoughts were distilled into a state of mind."""

    topic: ClassVar[str] = "snapshot.compressed"

    snapshot_id: str
    """Id of the snapshot."""
    persona_scope: tuple[str, ...]
    """Personas whose thoughts it distils."""
    summary: str
    """The state of mind in words."""
    facts: tuple[str, ...] = ()
    """What is held to be true, with the ids it rests on."""
    decisions: tuple[str, ...] = ()
    """Proposals made and how they stand; never dropped."""
    open_questions: tuple[str, ...] = ()
    """Hypotheses not yet settled and proposals still open."""
    from_position: int
    """First position of the thoughts it distils."""
    to_position: int
    """Last position of the thoughts it distils."""
    seen_position: int = 0
    """Highest position of input its persona had observed: where it goes on."""
    asked_position: int = 0
    """Position of the last question its persona had answered."""
    thoughts_in: int
    """Number of thoughts distilled."""
    duplicates: int = 0
    """Thoughts folded into an equal one."""
    decayed: int = 0
    """Thoughts let go for their low value."""
    kept: int = 0
    """Thoughts kept."""
    bytes_in: int = 0
    """Size of what was distilled, bytes."""
    bytes_out: int = 0
    """Size of the snapshot, bytes."""
