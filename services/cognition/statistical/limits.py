"""Every number this thinker judges by, and every cap that keeps its memory flat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds (when is it a finding) and caps (how much is kept).

    Attributes:
        failures: the least failures of one source that make a finding.
        despite: the least of one that succeeded at all: who knows the password may mistype it.
        dominance: how many times a source's failures must exceed its successes.
        headline: of a source's signatures with at least this share of its largest count, the
            one most common over all sources leads, so that one incident gets one name.
        burst_lines: the least lines of one signature that make an error burst.
        burst_share: their least share of all lines, if they do not come in a spike.
        small_lines: in a short log fewer lines do, ...
        small_share: ... if they are this share of it.
        client_share: as burst_share, for answers 4xx spread over many clients.
        spike: a minute (or 100 lines) with this many times the mean is a spike.
        spike_span: the least minutes (or hundreds of lines) read before a spike can be told.
        explained: a signature is left to its failing sources if they made this share of it.
        addressed: ... and at least this share of it names an address at all.
        watch_lines: the least failures of one signature that deserve a watcher of their own.
        watch_sources: ... if they come from at least so many sources,
        watch_alone: or the least failures without that.
        watchers: the most parts offered to watchers at one time.
        repeat: the largest N believed of `message repeated N times`.
        text: characters of a line that are looked at.
        cites: lines kept as evidence for one count.
        cites_all: lines kept in all before new counts get only `cites_late` each.
        cites_late: see `cites_all`.
        sources: failing sources kept.
        successes: sources whose successes are kept.
        signatures: failing signatures kept.
        signatures_each: failing signatures kept of one source; more than `variety`.
        addresses_each: addresses kept of one signature.
        shapes: masked lines whose meaning is remembered.
        templates: templates kept.
        crowd: templates of one length and first word kept.
        tokens: words of a line its template has.
        variety: so many words in one place make it a variable, not part of a signature.
        streams: sources of lines whose place (last line, last stamp) is remembered.
        fields: fields of JSON lines whose values are remembered.
        field_values: of a field with more values than these a template has none.
        continued: lines without time stamp that still belong to the last stamped one.
    """

    failures: int = 5
    despite: int = 10
    dominance: float = 3.0
    headline: float = 0.8
    burst_lines: int = 10
    burst_share: float = 0.03
    small_lines: int = 5
    small_share: float = 0.2
    client_share: float = 0.25
    spike: float = 5.0
    spike_span: int = 10
    explained: float = 0.75
    addressed: float = 0.25
    watch_lines: int = 50
    watch_sources: int = 5
    watch_alone: int = 200
    watchers: int = 4
    repeat: int = 1_000_000
    text: int = 4_096
    cites: int = 2_000
    cites_all: int = 300_000
    cites_late: int = 32
    sources: int = 3_000
    successes: int = 20_000
    signatures: int = 1_000
    signatures_each: int = 14
    addresses_each: int = 512
    shapes: int = 8_192
    templates: int = 1_024
    crowd: int = 24
    tokens: int = 40
    variety: int = 12
    streams: int = 256
    fields: int = 512
    field_values: int = 6
    continued: int = 60


LIMITS = Limits()
