"""The report of a run, for people."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group
from rich.text import Text

from projections.rows import ProposalRow
from services.cli.options import again
from services.cli.screen import count, risk, said, short, show, table
from services.report import Report

NAMED: Final = 5
"""Most inputs named."""


def print_report(report: Report, inputs: Sequence[str], home: str | None) -> None:
    """Print what was observed and thought, and what waits for a person."""
    totals = report.totals
    checks = totals.checks_passed + totals.checks_failed + totals.checks_inconclusive
    counts = table("", "")
    counts.show_header = False
    for name, told in (
        ("observed", f"{count(totals.observations, 'line')} of {named(inputs)}"),
        (
            "supposed",
            f"{count(totals.hypotheses, 'hypothesis', 'hypotheses')} in"
            f" {count(totals.thoughts, 'thought')}",
        ),
        (
            "checked",
            f"{count(checks, 'check')}: {totals.checks_passed:,} passed,"
            f" {totals.checks_failed:,} failed, {totals.checks_inconclusive:,} inconclusive",
        ),
        (
            "personas",
            f"{totals.spawned:,} spawned, {totals.reaped:,} reaped, {totals.live:,} live",
        ),
        (
            "used",
            f"{report.elapsed_ms / 1000:.1f} s, {totals.tokens_used:,} tokens"
            f" (at most {report.token_budget:,} a minute)",
        ),
    ):
        counts.add_row(Text(name, style="bold"), said(told))
    show(counts)
    show("")
    show(_proposals(report.proposals) if report.proposals else "Nothing is proposed.")
    waiting = sum(row.status == "waiting" for row in report.proposals)
    if waiting:
        look = again("approve", "ID", home=home)
        show("", f"{waiting:,} waiting for you: {look} shows one, then asks.")
    if report.waiting_elsewhere:
        look = again("proposals", "--waiting", home=home)
        show("", f"{report.waiting_elsewhere:,} from before wait for you as well: {look}")


def named(inputs: Sequence[str]) -> str:
    """Return the names of inputs, of many the first ones and how many more there are."""
    shown = ", ".join(inputs[:NAMED])
    return f"{shown} and {len(inputs) - NAMED:,} more" if len(inputs) > NAMED else shown


def _proposals(rows: Sequence[ProposalRow]) -> Group:
    listed = table("PROPOSAL", "RISK", "STATUS", "WHAT")
    for row in rows:
        what = said(row.title, "bold" if row.status == "waiting" else "")
        if row.reasons:
            what.append("\n").append_text(said("; ".join(row.reasons), "dim"))
        listed.add_row(short(row.proposal_id), risk(row.risk), _standing(row), what)
    return Group(listed)


def _standing(row: ProposalRow) -> Text:
    if row.status == "waiting":
        return Text("waiting", style="bold")
    if row.status == "executed":
        done = row.outcome == "success"
        return said(row.status if done else row.outcome or "", "green" if done else "red")
    return said(row.status, "dim")
