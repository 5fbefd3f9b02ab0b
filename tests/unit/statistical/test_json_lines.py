"""JSON lines are taken by their fields: what is found in them is what is found in text."""

import json
import random
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cognition.statistical import Finding, Notebook, suggest
from services.cognition.statistical.limits import LIMITS
from services.cognition.statistical.lines.flat import LONGEST
from services.cognition.statistical.lines.structured import structured
from tests.unit.statistical.logs import bursts, counts, mined, recounted, says, stored

Tell = Callable[[int, str, str, str, str], str]
NOON = 1_772_510_640
HUGE = 10**400
"""An integer that no float holds."""


def as_text(at: int, level: str, message: str, user: str, address: str) -> str:
    when = f"2026-03-03T04:{4 + at // 60:02}:{at % 60:02}Z"
    return f"{when} {level.upper()} {message} for {user} from {address} port {40_000 + at}"


def as_flat(at: int, level: str, message: str, user: str, address: str) -> str:
    when = f"2026-03-03T04:{4 + at // 60:02}:{at % 60:02}Z"
    return dumps(time=when, level=level, msg=message, user=user, ip=address, port=40_000 + at)


def as_nested(at: int, level: str, message: str, user: str, address: str) -> str:
    line = {
        "@timestamp": (NOON + at) * 1_000,
        "log": {"level": level},
        "message": f"{message} for {user}",
        "http": {"client_ip": address, "port": 40_000 + at},
        "host": {"ip": "10.0.0.1"},
        "trace": {"id": f"{at:032x}"},
    }
    return dumps(**{name: line[name] for name in random.Random(at).sample(list(line), len(line))})


def as_pino(at: int, level: str, message: str, user: str, address: str) -> str:
    request = {"method": "POST", "url": f"/login?{at}", "remoteAddress": address, "remotePort": at}
    number = {"info": 30, "warning": 40, "error": 50}[level]
    return dumps(level=number, time=(NOON + at) * 1_000, req=request, user=user, msg=message)


def as_wrapped(at: int, level: str, message: str, user: str, address: str) -> str:
    inner = as_flat(at, level, message, user, address)
    return dumps(log=f"{inner}\n", stream="stdout", time="2026-03-03T04:04:00.1Z")


def dumps(**fields: Any) -> str:
    return json.dumps(fields)


def attack(tell: Tell) -> list[str]:
    """Two sources that fail, one that slips and gets in, one that only gets in, and errors."""
    chance = random.Random(3)
    lines = []
    for at in range(300):
        user = chance.choice(["bob", "root", 'al"ice', "zoë", f"u{at}"])
        kind = chance.randrange(5)
        if kind < 2:
            source = ["203.0.113.9", "2001:db8::7"][kind]
            lines.append(tell(at, "warning", "Failed password", user, source))
        elif kind == 2:
            message = ["Failed password", "Accepted password"][chance.random() < 0.8]
            lines.append(tell(at, "info", message, user, "192.0.2.1"))
        elif kind == 3:
            lines.append(tell(at, "info", "Accepted password", user, "192.0.2.2"))
        else:
            lines.append(tell(at, "error", f"Payment {at} declined by bank", user, "192.0.2.3"))
    return lines


def told(findings: Sequence[Finding]) -> list[tuple[object, ...]]:
    return [
        (f.key, f.kind, f.subject, f.signature, f.count, f.cites, suggest(f).tool, suggest(f).title)
        for f in findings
    ]


@pytest.mark.parametrize("tell", [as_flat, as_nested, as_pino, as_wrapped])
def test_the_same_attack_gives_the_same_findings_and_proposals_as_in_text(tell: Tell) -> None:
    texts = attack(tell)
    found, wanted = mined(texts).findings(), mined(attack(as_text)).findings()
    assert [f.subject for f in wanted] == ["", "203.0.113.9", "2001:db8::7"]
    assert suggest(wanted[1]).arguments == {"line": "203.0.113.9"}
    assert told(found) == told(wanted)
    assert [recounted(f, stored(texts)).outcome for f in found] == ["passed"] * 3
    assert all("from 2026-03-03T04:0" in f.claim for f in found)


def test_the_order_of_fields_makes_no_difference() -> None:
    line = json.loads(as_flat(1, "error", "Failed password", "bob", "203.0.113.9"))
    line["client_ip"] = line.pop("ip")
    line |= {"x_forwarded_for": "198.51.100.1, 198.51.100.2", "remote_addr": "10.0.0.9"}
    readings = set()
    for seed in range(20):
        names = random.Random(seed).sample(list(line), len(line))
        readings.add(says(dumps(**{name: line[name] for name in names})))
    [reading] = readings
    assert reading.source == "203.0.113.9", "who the program says it was, no header"


def test_answers_count_as_in_an_access_log() -> None:
    def line(at: int, status: object) -> str:
        request = {"status_code": status, "path": f"/{at}"}
        source = "203.0.113.9" if status == 401 else f"192.0.2.{at}"
        return dumps(msg="request completed", response=request, remote_ip=source)

    texts = [line(at, 401) for at in range(20)] + [line(at, "503") for at in range(20)]
    findings = mined(texts).findings()
    assert {f.key: f.count for f in findings} == {
        "failing-source-203.0.113.9": 20,
        "error-burst-http-503": 20,
    }
    assert all(recounted(f, stored(texts)).outcome == "passed" for f in findings)
    assert counts([line(at, 204) for at in range(20)]) == {}


def test_a_failure_in_any_field_is_found_and_counted_again() -> None:
    texts = [
        dumps(action="login", outcome={"result": "failure"}, ip="203.0.113.9", id=f"{at:x}")
        for at in range(20)
    ] + [dumps(msg="query", db={"error": 'relation "a" is corrupt'}, ms=at) for at in range(20)]
    findings = mined(texts).findings()
    assert {f.signature: f.count for f in findings} == {
        "outcome.result failure": 20,
        "relation * is corrupt": 20,
    }
    assert all(recounted(f, stored(texts)).outcome == "passed" for f in findings)


def test_escapes_hide_nothing_from_a_recount() -> None:
    texts = [dumps(level="error", msg="Zugriff für „x“\tverweigert ☠")] * 20
    assert "\\u" in texts[0]
    [finding] = mined(texts).findings()
    assert recounted(finding, stored(texts)).outcome == "passed"
    assert recounted(finding, stored([dumps(level="error", msg="other")] * 20)).outcome == "failed"


def test_templates_have_the_names_of_fields_and_their_values_while_these_are_few() -> None:
    def line(at: int, message: str) -> str:
        return dumps(
            msg=message, service="auth", stage=["test", "live"][at % 2], tenant=f"t{'abc'[at % 3]}",
            user=f"user{at}", request_id=f"{at:032x}", ms=at, ok=True, tag="x" * (at % 20 + 1),
        )  # fmt: skip

    notebook = Notebook()
    texts = [line(at, f"order {at} shipped") for at in range(50)]
    noticed = notebook.read(stored([*texts, line(1, "cache warm")]))
    fields = "ms=*, ok=true, request_id=*, service=auth, stage={}, tag=*, tenant={}, user=*"
    assert noticed.new == (
        f"order * shipped | {fields.format('*', '*')}",
        f"cache warm | {fields.format('live', 'tb')}",
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"msg":"Failed login","ip":"203.0.113.9"',
        '{"msg":"Failed login from 203.0.113.9"}}',
        '{"a":' * 5_000 + '"Failed login from 203.0.113.9"' + "}" * 5_000,
        '{"msg":"Failed login from 203.0.113.9","x":"' + "y" * LONGEST + '"}',
        '{"msg":"Failed login from 203.0.113.9","n":' + "9" * 5_000 + "}",
        "{Failed login from 203.0.113.9}",
    ],
)
def test_what_is_broken_deep_or_huge_is_read_as_text_soon(text: str) -> None:
    began = process_time()
    assert structured(text, LIMITS) is None
    says(text)
    assert process_time() - began < 1


def test_a_burst_of_errors_is_told_by_its_message() -> None:
    texts = [dumps(msg="served", level="info", ms=at) for at in range(100)]
    texts += [dumps(msg=f"disk {at} is full", level=50, user=f"u{at}") for at in range(30)]
    assert list(bursts(texts).values()) == [30]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([HUGE, -HUGE]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["Failed password", "login ok", 'bad "x"\nrefused', "203.0.113.9", "失败"]),
)
NAMES = st.one_of(
    st.sampled_from(["msg", "level", "time", "ip", "src", "status", "user", "error", "a.b"]),
    st.text(max_size=8),
)
OBJECTS = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=6),
    lambda inner: st.dictionaries(NAMES, inner | SCALARS | st.lists(SCALARS, max_size=3)),
    max_leaves=12,
)


@given(OBJECTS, st.booleans())
def test_whatever_is_found_in_any_object_is_counted_again(
    found: dict[str, Any], escaped: bool
) -> None:
    texts = [json.dumps(found, ensure_ascii=escaped)] * 12
    for finding in mined(texts).findings():
        assert recounted(finding, stored(texts)).outcome == "passed", finding


@given(OBJECTS, st.randoms())
def test_any_order_of_fields_reads_the_same(found: dict[str, Any], chance: random.Random) -> None:
    names = chance.sample(list(found), len(found))
    assert says(json.dumps({name: found[name] for name in names})) == says(json.dumps(found))
