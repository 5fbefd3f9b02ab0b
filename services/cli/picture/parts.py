"""What the parts of a picture say, personas aside: health, approvals, hypotheses, inputs, words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rich.text import Text

from services.cli.picture.columns import GAP, NARROW, Glyphs, joined, row, said
from services.cli.screen import RISK_STYLES, count
from services.cognition.standing import ModelStanding
from services.picture.picture import Approval, Picture, Source, Supposition

ID_CHARS: Final = 8
"""Characters of an id that name it; a shorter or a little longer one is shown whole."""
_WHOLE_ID: Final = 12
_STYLES: Final = {"passed": "green", "failed": "red"}
_BEHIND: Final = 1_000
"""Events the views may be behind before it is worth a colour: while many come they always are."""


MOST_UNWELL: Final = 3
"""Models that are told of with what is wrong, a line each: the picture is of more than that."""


@dataclass(frozen=True, slots=True)
class Place:
    """What whoever draws knows, and the picture does not."""

    url: str
    token: str
    """Where the token is, in words."""
    approve: str
    """What to type to approve; the id comes last."""
    trouble: str | None = None
    """Why the picture may be old; null while it is not."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something that was said while it ran."""

    at: datetime
    word: str
    line: str
    style: str = ""


def health(picture: Picture, place: Place, width: int, glyphs: Glyphs) -> list[Text]:
    """Return the lines at the top: thinking, store, bus, where to look; and trouble first."""
    moment = Text(f"{picture.at.astimezone():%H:%M:%S}", "dim")
    lines = [joined([Text("perpetua", "bold"), _thinking(picture), *_counts(picture), moment],
                    width, glyphs)]  # fmt: skip
    lines.append(joined([_store(picture), *_bus(picture, width), *_models(picture)], width, glyphs))
    if picture.store.problem:
        lines.append(row([said(picture.store.problem, width, "bold red")], [width], glyphs))
    if picture.bus.problem:
        lines.append(row([said(f"kafka: {picture.bus.problem}", width, "red")], [width], glyphs))
    for each in [it for it in picture.models if not it.well][:MOST_UNWELL]:
        lines.append(row([_unwell(each, width)], [width], glyphs))
    if place.trouble:
        lines.insert(0, row([said(place.trouble, width, "bold red")], [width], glyphs))
    where = [said(place.url, width, "cyan"), said(place.token, width, "dim")]
    lines.append(joined(where, width, glyphs))
    return lines


def approvals(
    found: Sequence[Approval], waiting: int, at: datetime, place: Place, room: int, width: int,
    glyphs: Glyphs,
) -> list[Text]:  # fmt: skip
    """Return what waits for a person, a line each; the last says how many more there are."""
    if room < 1:
        return []
    head = Text(f"WAITING FOR YOU  {waiting:,}", "bold red")
    head.append(f"   {place.approve} ID", "dim")
    shown = list(found[: room - 1])
    if len(shown) < waiting and len(shown) == room - 1 and len(shown) > 1:
        shown.pop()
    ids = max((len(short(each.proposal_id)) for each in shown), default=ID_CHARS)
    widths = [8, 4, ids, max(1, width - 18 - ids)]
    lines = [row([head], [width], glyphs)]
    for each in shown:
        cells = [
            said(each.risk, width, RISK_STYLES.get(each.risk, "")),
            Text(age(at - each.created_at), "dim"),
            said(short(each.proposal_id), width, "bold"),
            said(each.title, width),
        ]
        lines.append(row(cells, widths, glyphs, right="1"))
    return [*lines, *_more(waiting - len(shown), room - len(lines), width, glyphs)]


def suppositions(
    found: Sequence[Supposition], at: datetime, room: int, width: int, glyphs: Glyphs
) -> list[Text]:
    """Return hypotheses, a line each, the newest first."""
    if room < 1:
        return []
    who = min(24, width // 5)
    widths = [4, 7, 4, who, max(1, width - who - 23)]
    heads = [Text(each, "bold") for each in ("SURE", "CHECK", "AGE", "BY", "HYPOTHESIS")]
    lines = [row(heads, widths, glyphs, right="02")]
    for each in found[: room - 1]:
        cells = [
            Text(f"{each.confidence:.2f}"),
            said(each.outcome or "-", width, _STYLES.get(each.outcome or "", "dim")),
            Text(age(at - each.raised_at), "dim"),
            said(each.persona_id, width, "dim"),
            said(each.claim, width),
        ]
        lines.append(row(cells, widths, glyphs, right="02"))
    return lines


def sources(found: Sequence[Source], room: int, width: int, glyphs: Glyphs) -> list[Text]:
    """Return inputs, a line each, those something came from last first."""
    if room < 1:
        return []
    narrow = [9, 0, 9 if any(each.dropped_lines for each in found) else 0]
    numbers = [12, 9, 12] if width >= NARROW else narrow
    widths = [width - sum(GAP + each for each in numbers if each), *numbers]
    heads = [Text(each, "bold") for each in ("INPUTS", "LINES", "LINES/S", "DROPPED")]
    lines = [row(heads, widths, glyphs, right="123")]
    for each in found[: room - 1]:
        rate = "-" if each.lines_per_sec is None else f"{each.lines_per_sec:,.0f}"
        dropped = Text(f"{each.dropped_lines:,}", "bold red" if each.dropped_lines else "dim")
        cells = [_end_of(each.source, widths[0]), Text(f"{each.lines:,}"), Text(rate), dropped]
        lines.append(row(cells, widths, glyphs, right="123"))
    return lines


def words(found: Sequence[Word], room: int, width: int, glyphs: Glyphs) -> list[Text]:
    """Return what was said last, the newest at the bottom."""
    if room < 1:
        return []
    lines = [row([Text("LATEST", "bold")], [width], glyphs)]
    for each in found[max(0, len(found) - room + 1) :]:
        cells = [
            Text(f"{each.at.astimezone():%H:%M:%S}", "dim"),
            said(each.word, width, each.style),
            said(each.line, width),
        ]
        lines.append(row(cells, [8, 8, max(1, width - 20)], glyphs))
    return lines[:room]


def short(whole: str) -> str:
    """Return an id as people paste it: its end, which is enough to find it."""
    return whole if len(whole) <= _WHOLE_ID else whole[-ID_CHARS:]


def age(past: timedelta) -> str:
    """Return an age in at most four characters."""
    secs = max(0, int(past.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if secs >= size:
            return f"{min(999, secs // size)}{unit}"
    return f"{secs}s"


def _thinking(picture: Picture) -> Text:
    match picture.thinking.state:
        case "running":
            return Text("thinking", "green")
        case "disabled":
            return Text("cognition is disabled", "yellow")
    return Text("not thinking here", "yellow")


def _counts(picture: Picture) -> list[Text]:
    return [
        Text(count(picture.live, "persona")),
        Text(f"{picture.thoughts_per_minute:,.0f} thoughts/min"),
        Text(f"{picture.waiting:,} waiting", "bold red" if picture.waiting else "dim"),
    ]


def _store(picture: Picture) -> Text:
    store = picture.store
    behind = f", views {store.behind:,} behind" if store.behind else ", views up to date"
    style = "bold red" if store.problem else "yellow" if store.behind > _BEHIND else ""
    return Text(f"store at {store.position:,}{behind}", style)


def _bus(picture: Picture, width: int) -> list[Text]:
    bus = picture.bus
    if bus.servers is None:
        return [Text("no kafka", "dim")]
    lag = f"{bus.lag:,} behind" if bus.lag else "up to date"
    style = "red" if bus.problem else "yellow" if bus.lag > _BEHIND else ""
    return [Text(f"kafka {lag}", style), said(bus.servers, width, "dim")]


def _models(picture: Picture) -> list[Text]:
    """Return how many models there are, and how many calls of them are under way."""
    models = picture.models
    if not models:
        return []
    calls = sum({each.url: each.calls for each in models}.values())
    return [Text(f"{count(len(models), 'model')}, {count(calls, 'call')}")]


def _unwell(model: ModelStanding, width: int) -> Text:
    since = f" since {model.since.astimezone():%H:%M:%S}" if model.since else ""
    style = "yellow" if model.state == "half-open" else "red"
    return said(f"thinker {model.name} is {model.state}{since}: {model.why}", width, style)


def _more(number: int, room: int, width: int, glyphs: Glyphs) -> list[Text]:
    if number < 1 or room < 1:
        return []
    return [row([Text(f"and {number:,} more", "dim")], [width], glyphs)]


def _end_of(source: str, width: int) -> Text:
    """Return a source by its end: of a path, that is what tells it from others."""
    if len(source) <= width:
        return said(source, width)
    return Text("...").append_text(said(source[-max(1, width - 3) :], width))
