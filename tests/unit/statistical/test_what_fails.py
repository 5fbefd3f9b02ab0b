"""Which lines tell of a failure, and with which signature."""

import pytest

from tests.unit.statistical.logs import says


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Failed password for root from 192.0.2.7", "Failed password"),
        ("Failed password for invalid user x from 192.0.2.7", "Failed password"),
        ("Login failed for bob", "Login failed"),
        ("PAM: 5 more authentication failures; rhost=192.0.2.7", "authentication failures"),
        ("failed to open /etc/shadow", "failed to open"),
        ("could not open /etc/shadow", "could not open"),
        ("upload of 12 MB timed out", "MB timed out"),
        ("File does not exist: /x", None),
        ("ERROR File does not exist: /x", "File does not exist"),
        ('open() "/srv/a.html" failed (2: gone)', "open() * failed"),
        ("2031-05-01 10:00:00,123 ERROR [main] a.b.Store - disk on fire", "disk on fire"),
        ("[Sun Mar 02 04:47:44 2031] [error] child 12 left in state 6", "child * left in state"),
        ("E0301 12:00:00.000000       1 sync.go:138] pod sandbox changed", "pod sandbox changed"),
        ("<11>Mar  3 10:00:00 edge app: thing happened", "thing happened"),
        ('{"level":50,"time":1900000000123,"msg":"boom"}', "boom"),
        ('{"severity":"ERROR","message":"quota gone","zone":"b"}', "quota gone"),
        ('time="x" level=warning msg="auth failed" user=bob', "auth failed"),
        ("lookup of 'a.example/x' denied", "lookup of * denied"),
        ("event=login_failed user=bob", "login_failed user"),
        ("java.io.FooException: stream closed", "java.io.FooException"),
        ("type=LOGIN acct=bob res=failed", "res failed"),
        ("ERROR IN REACHING HOST", "REACHING HOST"),
        ("用户登录失败 用户 bob", "登录失败"),
    ],
)
def test_the_signature_is_the_failing_word_and_its_constant_neighbour(
    text: str, signature: str | None
) -> None:
    told = says(text).signature
    assert (told.text if told else None) == signature


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "0 errors, 0 failed, no failures",
        "INFO Retrieved 0 errors",
        "finished without error",
        "errors=3 sent=120",
        '{"level":"info","msg":"done","error":null,"failed":0}',
        '{"level":"info","msg":"done","error":""}',
        "a non-fatal note",
        "GET /errors/failed.html took 12ms",
        "loaded ErrorHandler and error_page",
        "Accepted password for failed from 192.0.2.7",
        "INFO peer missing, unknown, expired",
        '192.0.2.7 - - [01/May/2031:10:00:00 +0000] "GET /failed HTTP/1.1" 200 5 "-" "error"',
    ],
)
def test_what_only_looks_like_a_failure_is_none(text: str) -> None:
    assert not says(text).failing


def test_the_first_word_decides_between_success_and_failure() -> None:
    assert says("Accepted password for failed from 192.0.2.7").success
    assert says("Failed password for accepted from 192.0.2.7").blamed


def test_a_level_below_a_warning_is_never_loud() -> None:
    for level in ("INFO", "[notice]", "DEBUG", "level=info", "<14>"):
        reading = says(f"{level} upload failed")
        assert reading.failing, level
        assert not reading.loud, level


@pytest.mark.parametrize(
    ("status", "failing", "blamed"),
    [
        (200, False, False),
        (304, False, False),
        (401, True, True),
        (404, True, True),
        (408, False, False),
        (499, False, False),
        (500, True, False),
        (503, True, False),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        '192.0.2.7 - - [01/May/2031:10:00:00 +0000] "GET / HTTP/1.1" {} 12 "-" "agent"',
        'site.example.com:80 192.0.2.7 - bob [01/May/2031:10:00:00 +0000] "-" {} 12',
        'INFO:     192.0.2.7:5000 - "POST /x HTTP/1.1" {} OK',
        '{{"remote_addr":"192.0.2.7","status":"{}","agent":"failed"}}',
        '{{"client_ip":"192.0.2.7","status_code":{},"path":"/error"}}',
    ],
)
def test_the_status_of_an_answer_says_whose_failure_it_is(
    form: str, status: int, failing: bool, blamed: bool
) -> None:
    reading = says(form.format(status))
    told = reading.signature.text if reading.signature else ""
    if status in {200, 304} or failing:
        assert (told == f"HTTP {status}") == failing
    assert (reading.blamed and reading.source == "192.0.2.7") == blamed
    assert reading.success <= (status < 400)
