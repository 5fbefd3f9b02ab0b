"""The report of a run, for people."""

from collections.abc import Sequence

from projections.rows import ProposalRow
from rich.console import Group
from rich.text import Text

from services.cli.screen import console, risk, said, short, table, visible
from services.report import Report


def print_report(report: Report, inputs: Sequence[str]) -> None:
    """Print what was observed and thought, and what waits for a person."""
    out = console()
    totals = report.totals
    checks = totals.checks_passed + totals.checks_failed + totals.checks_inconclusive
    counts = table("", "")
    counts.show_header = False
    for name, told in (
        ("observed", f"{totals.observations:,} lines of {visible(', '.join(inputs))}"),
        ("supposed", f"{totals.hypotheses:,} hypotheses in {totals.thoughts:,} thoughts"),
        (
            "checked",
            f"{checks:,}: {totals.checks_passed:,} passed, {totals.checks_failed:,} failed,"
            f" {totals.checks_inconclusive:,} inconclusive",
        ),
        ("personas", f"{totals.spawned:,} spawned, {totals.reaped:,} reaped"),
        ("took", f"{report.elapsed_ms / 1000:.1f} s, {totals.tokens_used:,} tokens"),
    ):
        counts.add_row(Text(name, style="bold"), told)
    out.print(counts)
    out.print()
    out.print(_proposals(report.proposals))


def _proposals(rows: Sequence[ProposalRow]) -> Group | str:
    if not rows:
        return "Nothing to propose."
    listed = table("PROPOSAL", "RISK", "STATUS", "WHAT", right=())
    for row in rows:
        listed.add_row(short(row.proposal_id), risk(row.risk), standing(row), said(row.title))
    return Group(listed)


def standing(row: ProposalRow) -> Text:
    return said(row.status)
