"""Time stamps, levels and repetitions in the formats logs have."""

import pytest

from services.cognition.statistical.lines.repeat import repeat
from services.cognition.statistical.lines.stamp import stamp
from tests.unit.statistical.logs import says


@pytest.mark.parametrize(
    ("one", "text"),
    [
        ("2031-05-01T10:00:59Z x", "2031-05-01T10:01:00Z x"),
        ("2031/05/01 10:00:59 [error] x", "2031/05/01 10:01:00 [error] x"),
        ("May  1 10:00:59 edge x", "May  1 10:01:00 edge x"),
        ("[Thu May 01 10:00:59 2031] [error] x", "[Thu May 01 10:01:00 2031] [error] x"),
        ("1.2.3.4 - - [01/May/2031:10:00:59 +0000]", "1.2.3.4 - - [01/May/2031:10:01:00 +0000]"),
        ("310501 100059 148 INFO x", "310501 100100 148 INFO x"),
        ("31/05/01 10:00:59 INFO x", "31/05/01 10:01:00 INFO x"),
        ("E0501 10:00:59.123456 1 x", "E0501 10:01:00.123456 1 x"),
        ("05-01 10:00:59.249  2227  2227 I x", "05-01 10:01:00.249  2227  2227 I x"),
        ("[05.01 10:00:59] x", "[05.01 10:01:00] x"),
        ("20310501-10:0:59:606|x", "20310501-10:1:0:606|x"),
        ("05/01/2031 10:00:59 x", "05/01/2031 10:01:00 x"),
        ('{"ts":1900000019.5}', '{"ts":1900000020.5}'),
        ('{"time":1900000019500}', '{"time":1900000020500}'),
        ("10:00:59 x", "10:01:00 x"),
    ],
)
def test_a_minute_is_a_minute_in_any_format(one: str, text: str) -> None:
    before, after = stamp(one), stamp(text)
    assert before is not None
    assert after is not None
    assert after.minute - before.minute == 1


def test_the_end_of_a_month_is_followed_by_the_next() -> None:
    before, after = stamp("Feb 29 23:59:00 x"), stamp("Mar  1 00:00:00 x")
    assert before is not None
    assert after is not None
    assert after.minute - before.minute == 1


@pytest.mark.parametrize("text", ["", "no time", "99:99:99 x", "2031-99-99 10:00:00", "1.2.3.4"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert stamp(text) is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2031-05-01 10:00:00,123 ERROR [main] a.b.C - x", "error"),
        ("2031-05-01 10:00:00,123 - WARN  [Worker:1@2] - x", "warning"),
        ("[Thu May 01 10:00:00 2031] [core:error] [pid 1] x", "error"),
        ("[Thu May 01 10:00:00 2031] [notice] error x", "info"),
        ("W0501 10:00:00.123456 1 x.go:1] y", "warning"),
        ("05-01 10:00:00.249  2227  2227 E Tag: x", "error"),
        ('{"level":"fatal","msg":"x"}', "error"),
        ('{"level":30,"msg":"x"}', "info"),
        ('{"log.level":"warn","msg":"x"}', "warning"),
        ("ts=1 level=error msg=x", "error"),
        ("<3>kernel: x", "error"),
        ("<30>daemon: x", "info"),
        ("May  1 10:00:00 edge prog[1]: error: x", "error"),
        ("- 1900000000 2031.05.01 R1 RAS KERNEL FATAL x y", "error"),
        ("May  1 10:00:00 edge prog[1]: the error of his ways", ""),
        ("plain", ""),
    ],
)
def test_the_level_is_read_where_formats_have_it(text: str, level: str) -> None:
    assert says(text).meaning.level == level


def test_a_repetition_is_read_only_right_after_the_head() -> None:
    read = repeat("May  1 10:00:00 edge p[1]: message repeated 3 times: [ it broke]", 100)
    assert read is not None
    assert (read.times, read.text) == (3, "May  1 10:00:00 edge p[1]: it broke")
    assert repeat("May  1 10:00:00 edge p[1]: user x: message repeated 3 times: [ y]", 100) is None
    assert repeat("he said message repeated 3 times: [ y] twice", 100) is None


def test_no_repetition_is_believed_beyond_the_limit() -> None:
    read = repeat("p[1]: message repeated 999999999 times: [ x]", 1000)
    assert read is not None
    assert read.times == 1000
