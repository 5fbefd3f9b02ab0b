"""What a finding suggests to do."""

from services.cognition.statistical import suggest
from tests.unit.statistical.logs import failed, found


def test_a_failing_source_is_to_be_denied() -> None:
    texts = [line for at in range(9) for line in failed("192.0.2.7", second=at)]
    suggested = suggest(found(texts)[0])
    assert (suggested.tool, suggested.target, suggested.risk) == (
        "file.append",
        "deny.list",
        "high",
    )
    assert suggested.arguments == {"line": "192.0.2.7"}
    assert suggested.title == "Deny 192.0.2.7: 'Failed password' 9 times"


def test_the_machine_itself_is_never_to_be_denied() -> None:
    for own in ("127.0.0.1", "::1"):
        texts = [line for at in range(9) for line in failed(own, second=at)]
        suggested = suggest(found(texts)[0])
        assert (suggested.tool, suggested.risk) == ("notify", "low")


def test_of_an_error_burst_somebody_is_told() -> None:
    suggested = suggest(found([f"ERROR queue {n} full" for n in range(40)])[0])
    assert (suggested.tool, suggested.target, suggested.risk) == (
        "notify",
        "notifications.log",
        "low",
    )
    assert "40 times" in suggested.title


def test_what_is_written_is_one_line_whatever_the_log_says() -> None:
    texts = [f"ERROR queue\x1b[31m {n}\u2028full\x85of\x0bthings" for n in range(40)]
    suggested = suggest(found(texts)[0])
    assert suggested.arguments["line"].isprintable()
    assert suggested.title.isprintable()
