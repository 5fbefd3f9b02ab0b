"""What single fields of a JSON line tell: how bad, when, who asks, and what tells nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from services.cognition.statistical.limits import LIMITS
from services.cognition.statistical.lines.flat import parsed
from services.cognition.statistical.lines.structured import structured
from tests.unit.statistical.logs import blamed, says

NOON = 1_772_510_640
HUGE = 10**400
"""An integer that no float holds."""


def dumps(**fields: Any) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"level": "ERROR"}, "error"),
        ({"level": "W"}, "warning"),
        ({"severity": "CRITICAL"}, "error"),
        ({"level": "dpanic"}, "error"),
        ({"level": 10}, "info"),
        ({"level": 40}, "warning"),
        ({"level": 60}, "error"),
        ({"PRIORITY": "3"}, "error"),
        ({"PRIORITY": "4"}, "warning"),
        ({"severity": 7}, "info"),
        ({"levelno": 30}, "warning"),
        ({"levelname": "WARNING", "levelno": 30}, "warning"),
        ({"severity_number": 17}, "error"),
        ({"log": {"level": "error"}}, "error"),
        ({"fields": {"message": "x"}, "level": "error"}, "error"),
        ({"level": -1}, ""),
        ({"level": True}, ""),
        ({"level": None}, ""),
        ({"level": float("nan")}, ""),
        ({"level": "9" * 5_000}, "error"),
        ({"level": HUGE}, "error"),
        ({"user": {"level": 50}}, ""),
    ],
)
def test_a_level_is_known_by_its_word_or_number(fields: Mapping[str, Any], level: str) -> None:
    assert says(dumps(msg="something", **fields)).meaning.level == level


@pytest.mark.parametrize(
    "fields",
    [
        {"time": "2026-03-03T04:04:10.123Z"},
        {"ts": NOON},
        {"ts": NOON + 0.25},
        {"timestamp": NOON * 1_000},
        {"@timestamp": f"{NOON * 1_000_000}"},
        {"__REALTIME_TIMESTAMP": NOON * 1_000_000_000},
        {"instant": {"epochSecond": NOON}},
        {"pad": "x" * 500, "t": "03/Mar/2026:04:04:10 +0000"},
        {"msg": "2026-03-03 04:04:10 it began"},
    ],
)
def test_a_time_is_known_by_its_field(fields: Mapping[str, Any]) -> None:
    line = structured(dumps(**fields), LIMITS)
    assert line is not None
    assert line.moment is not None
    assert line.moment.minute == NOON // 60


@pytest.mark.parametrize(
    "value",
    ["soon", 12, 1e300, float("inf"), float("nan"), True, None, [], "9" * 400, -NOON, HUGE, -HUGE],
)
def test_what_is_no_time_is_none(value: object) -> None:
    line = structured(dumps(time=value, msg="x"), LIMITS)
    assert line is not None
    assert line.moment is None


@pytest.mark.parametrize(
    "fields",
    [
        {"ip": "203.0.113.9"},
        {"client_ip": "::ffff:203.0.113.9"},
        {"remote_addr": "203.0.113.9:4711"},
        {"remoteAddr": "[203.0.113.9]:4711"},
        {"src": "203.0.113.9", "dst": "192.0.2.1"},
        {"http": {"client_ip": "203.0.113.9"}, "server": {"ip": "192.0.2.1"}},
        {"source": {"address": "203.0.113.9"}, "destination": {"address": "192.0.2.1"}},
        {"x_forwarded_for": ["203.0.113.9", "192.0.2.1"]},
        {"ip": "203.0.113.9", "host": "10.1.1.1", "node": {"ip": "10.1.1.1"}},
    ],
)
def test_who_asks_is_known_by_the_field(fields: Mapping[str, Any]) -> None:
    assert blamed(dumps(msg="Failed login", user="bob", **fields)) == "203.0.113.9"


@pytest.mark.parametrize(
    "fields",
    [
        {"host": {"ip": "10.0.0.1"}},
        {"_hostname": "10.0.0.1"},
        {"upstream_addr": "10.0.0.1:80"},
        {"ip": "10.0.0.1", "status": 503},
        {"user": "1.2.3.4"},
        {"user_agent": "x from 1.2.3.4", "url": "http://1.2.3.4/"},
    ],
)
def test_nobody_innocent_is_blamed(fields: Mapping[str, Any]) -> None:
    assert blamed(dumps(msg="Failed login", **fields)) == ""


def test_what_an_asker_calls_itself_tells_nothing() -> None:
    reading = says(dumps(msg="Login ok", user="invalid password failed", ip="203.0.113.9"))
    assert (reading.failing, reading.success) == (False, True)


def test_a_success_told_by_the_message_stays_one_whatever_other_fields_say() -> None:
    reading = says(dumps(msg="Login ok", note="invalid password refused", ip="203.0.113.9"))
    assert (reading.failing, reading.success) == (False, True)
    reading = says(dumps(msg="Login", note="invalid password refused", ip="203.0.113.9"))
    assert (reading.failing, reading.blamed) == (True, True)


def test_an_empty_object_and_one_of_many_or_deep_fields_are_read() -> None:
    assert says("{}").failing is False
    wide: dict[str, Any] = {f"n{at}": {"a": [at, {"b": at}]} for at in range(5_000)}
    assert blamed(dumps(msg="Failed login", ip="203.0.113.9", **wide)) == "203.0.113.9"
    deep: Any = "x"
    for _ in range(50):
        deep = {"k" * 300: deep}
    assert blamed(dumps(msg="Failed login", ip="203.0.113.9", deep=deep)) == "203.0.113.9"


def test_which_of_too_many_fields_are_left_out_does_not_go_by_their_order() -> None:
    fields: dict[str, Any] = {f"n{at}": at for at in range(200)} | {"x": {"y": 1}, "msg": "Failed"}
    assert says(dumps(**fields)) == says(dumps(**dict(reversed(fields.items()))))


def test_half_a_surrogate_pair_in_a_line_is_in_no_field() -> None:
    found = parsed(r'{"level": "error", "msg": "half \ud800", "pair\udc00": ["\ud83d\ude00"]}')
    assert found == {"level": "error", "msg": "half \ufffd", "pair\ufffd": ["\U0001f600"]}
