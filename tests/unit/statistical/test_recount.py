"""A finding is counted again from its raw lines, and can be found wrong."""

from dataclasses import replace

import pytest

from services.cognition.statistical import Finding, Line, recount
from tests.unit.statistical.logs import cited, failed, found, stored

TEXTS = [line for at in range(9) for line in failed("192.0.2.7", second=at)]


@pytest.fixture
def finding() -> Finding:
    return found(TEXTS)[0]


@pytest.fixture
def lines(finding: Finding) -> list[Line]:
    return cited(stored(TEXTS), finding.cites)


def test_the_cited_lines_add_up(finding: Finding, lines: list[Line]) -> None:
    result = recount(finding.spec, lines)
    assert (result.outcome, result.count, result.expected) == ("passed", 9, 9)


def test_another_count_fails(finding: Finding, lines: list[Line]) -> None:
    result = recount({**finding.spec, "count": 10}, lines)
    assert result.outcome == "failed"
    assert "add up to 9, not 10" in result.reason


def test_a_line_that_names_another_source_fails(finding: Finding, lines: list[Line]) -> None:
    for other in ("192.0.2.70", "1192.0.2.7", "192.0.2.8"):
        wrong = replace(lines[3], text=lines[3].text.replace("192.0.2.7", other))
        result = recount(finding.spec, [*lines[:3], wrong, *lines[4:]])
        assert result.outcome == "failed"
        assert "does not name 192.0.2.7" in result.reason


def test_a_line_that_says_something_else_fails(finding: Finding, lines: list[Line]) -> None:
    wrong = replace(lines[3], text=lines[3].text.replace("Failed", "Accepted"))
    result = recount(finding.spec, [*lines[:3], wrong, *lines[4:]])
    assert result.outcome == "failed"
    assert "does not say" in result.reason


def test_a_line_cited_twice_counts_once(finding: Finding, lines: list[Line]) -> None:
    assert recount(finding.spec, [*lines, lines[0]]).count == 9


def test_lines_that_are_missing_leave_it_open(finding: Finding, lines: list[Line]) -> None:
    assert recount(finding.spec, lines[:4]).outcome == "inconclusive"
    assert recount(finding.spec, []).outcome == "inconclusive"


def test_more_lines_than_were_cited_fail(finding: Finding, lines: list[Line]) -> None:
    more = replace(lines[0], position=99)
    assert recount(finding.spec, [*lines, more]).outcome == "failed"


def test_a_repetition_without_the_line_it_repeats_fails() -> None:
    texts = ["x sshd[1]: Failed password for y from 192.0.2.7", "last message repeated 8 times"]
    finding = found(texts)[0]
    both = stored(texts)
    assert recount(finding.spec, both).outcome == "passed"
    assert recount(finding.spec, both[1:]).outcome == "failed"


def test_a_spec_that_says_nothing_leaves_it_open() -> None:
    assert recount({}, []).outcome == "inconclusive"
    assert recount({"signature": 3, "count": "x"}, []).outcome == "inconclusive"


def test_an_address_is_recognised_however_it_is_written() -> None:
    spec = {"signature": "Failed login", "subject": "2001:db8::7", "count": 1, "lines": 1}
    line = Line("f", 1, 0, "Failed login from [2001:0DB8:0::0007]:22")
    assert recount(spec, [line]).outcome == "passed"
