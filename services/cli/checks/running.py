"""What goes on: views that are stopped, who is held up, what waits, what does not come in."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.cli.losses import said
from services.cli.screen import count, visible

LONG_WAIT = timedelta(hours=1)
STUCK_SECS = 60.0
LOOKED_AT = 100
SETTLE = "POST /v1/cognition/proposals/ID/settle"
_SHOWN = 60
_HAS_LOSSES = """
select 1 from information_schema.columns
where table_name = 'view_sources' and column_name = 'lost_files'"""
"""Whether the view is of a version that knows."""
_LOST = """
select coalesce(sum(dropped_lines), 0)::bigint, coalesce(sum(lost_files), 0)::bigint, count(*)
from view_sources where dropped_lines > 0 or lost_files > 0"""


def views(scene: Scene) -> Finding | None:
    """See that every read model goes on."""
    stopped = scene.ask(
        "select name, failed_position, error from view_partitions where error is not null"
        " order by name, partition",
        "view_partitions",
    )
    if stopped:
        name, position, error = stopped[0]
        skip = f", or `perpetua project {name} --skip {position} --why ...`" if position else ""
        fix = f"start the program that wrote it{skip}"
        return wrong("views", f"{name} is stopped: {_short(error)}", fix)
    known = scene.ask("select count(*) from view_progress", "view_progress")
    return fine("views", f"{known[0][0]}, none of them stopped") if known else None


def held(scene: Scene) -> Finding | None:
    """Warn of personas that are held until somebody resumes them."""
    paused = scene.ask(
        "select persona_id, paused_reason from view_personas where status = 'paused'"
        " and paused_until is null and paused_reason in ('overspent', 'budget') order by position",
        "view_personas",
    )
    if not paused:
        return None
    why = {"overspent": "used more than was reserved", "budget": "used up its budget for life"}
    found = f"{count(len(paused), 'persona')} paused: {_short(paused[0][0])} {why[paused[0][1]]}"
    return warning("held", found, "look why, then `perpetua resume ID`")


def waiting(scene: Scene) -> Finding | None:
    """Warn of proposals that have waited long for a person."""
    since = scene.machine.now() - LONG_WAIT
    due = scene.ask(
        "select count(*), min(created::json ->> 'occurred_at') from view_proposals"
        " where status = 'waiting' and (created::json ->> 'occurred_at')::timestamptz < %s",
        "view_proposals",
        [since],
    )
    if not due or not due[0][0]:
        return None
    found = f"{count(due[0][0], 'proposal')} wait for a person, the oldest since {due[0][1][:16]}"
    return warning("waiting", found, "`perpetua proposals --waiting` lists them")


def unclear(scene: Scene) -> Finding | None:
    """Warn of actions nobody knows the outcome of."""
    found = scene.ask(
        "select proposal_id from view_proposals where status = 'unclear'", "view_proposals"
    )
    if not found:
        return None
    said = f"{count(len(found), 'action')} may have run or not: {_short(found[0][0])}"
    return warning("unclear", said, f"see what was done, then settle it by HTTP: {SETTLE}")


def inputs(scene: Scene) -> Finding | None:
    """Warn of a file that has more than was read of it, while somebody should read."""
    sources = scene.ask(
        "select log, consumed from view_sources order by last_position desc limit %s",
        "view_sources",
        [LOOKED_AT],
    )
    if scene.running() is None or not sources:
        return None
    now = scene.machine.now().timestamp()
    for log, consumed in sources:
        path = Path(unquote(log.rpartition("/")[2]))
        if not path.is_absolute() or not path.is_file():
            continue
        told = path.stat()
        if told.st_size > consumed and now - told.st_mtime > STUCK_SECS:
            found = f"{_short(str(path))} has {told.st_size - consumed:,} bytes nobody read"
            return warning("inputs", found, f"name it again: `perpetua up {_short(str(path))}`")
    return fine("inputs", f"{count(len(sources), 'source')}, nothing left unread")


def dropped(scene: Scene) -> Finding | None:
    """Warn of lines that came too fast and of files that were gone too soon."""
    if not scene.ask(_HAS_LOSSES, "view_sources"):
        return None
    [(lines, files, sources)] = scene.ask(_LOST, "view_sources")
    if not sources:
        return None
    found = f"{said(lines, files)}, of {count(sources, 'source')}"
    fixes = ["raise its lines_per_second, or leave the limit out"] if lines else []
    fixes += ["keep more rotated files"] if files else []
    return warning("dropped", found, "; ".join((*fixes, "`perpetua status` names them")))


def future(scene: Scene) -> Finding | None:
    """See that nothing stored is of a time to come: then a clock is, or was, wrong."""
    from services.store.heading import heading

    newest = scene.ask("select state from events order by position desc limit 1", "events")
    if not newest:
        return None
    ahead = heading(bytes(newest[0][0])).occurred_at_us / 1e6 - scene.machine.now().timestamp()
    if ahead > STUCK_SECS:
        found = f"the newest event is of {ahead:,.0f} s from now"
        return wrong("future", found, "set the clocks of all machines that write, best by NTP")
    return None


def no_thinking(scene: Scene) -> Finding | None:
    """Warn of a fabric in which nobody can think."""
    if scene.settings.cognition_enabled:
        return None
    found = "PERPETUA_COGNITION_ENABLED is false: personas live, and nobody thinks"
    return warning("cognition", found, "unset it where somebody is to think")


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
