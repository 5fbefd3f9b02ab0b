"""Errors that burst, or make up an unusual share."""

from tests.unit.statistical.logs import accepted, bursts, failed, filler, found, recounted, stored


def httpd(level: str, message: str, second: int) -> str:
    clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"[Sun Mar 02 {clock} 2031] [{level}] {message}"


def test_errors_with_an_unusual_share_are_found_and_the_loudest_notice_is_not() -> None:
    texts = [httpd("notice", f"worker {n} found in slot {n % 8}", n * 9) for n in range(800)]
    texts += [httpd("error", f"worker left in state {n % 7}", n * 9) for n in range(200)]
    (finding,) = found(texts)
    assert (finding.kind, finding.signature, finding.count) == (
        "error_burst",
        "worker left in state",
        200,
    )
    assert "20.0% of 1,000 lines" in finding.claim
    assert "'worker left in state *'" in finding.claim
    assert recounted(finding, stored(texts)).outcome == "passed"


def test_a_few_errors_all_in_one_minute_are_a_burst() -> None:
    texts = [httpd("info", f"tick {n}", n * 60) for n in range(900)]
    texts[500:500] = [httpd("error", f"queue {n} full", 500 * 60 + n) for n in range(15)]
    (finding,) = found(texts)
    assert finding.count == 15
    assert "15 of them in one minute from Mar 02 08:20:00 2031" in finding.claim


def test_the_same_few_errors_spread_over_the_day_are_none() -> None:
    texts = [httpd("info", f"tick {n}", n * 60) for n in range(900)]
    for n in range(15):
        texts.insert(n * 60, httpd("error", f"queue {n} full", n * 3600))
    assert found(texts) == []


def test_errors_as_frequent_in_every_minute_are_no_burst() -> None:
    texts = [httpd("info", f"tick {n}", n // 40) for n in range(48_000)]
    texts += [httpd("error", f"queue {n} full", n * 5) for n in range(240)]
    assert found(sorted(texts, key=lambda text: text[12:20])) == []


def test_an_error_with_a_level_of_its_own_belongs_to_no_line_before_it() -> None:
    texts = ["2031-05-01 10:00:00 started", *(f"ERROR queue {n} full" for n in range(40))]
    assert bursts(texts) == {"queue * full": 40}


def test_without_time_stamps_a_burst_is_told_by_line_numbers() -> None:
    texts = [f"tick {n}" for n in range(3000)]
    texts[2010:2010] = [f"ERROR queue {n} full" for n in range(40)]
    (finding,) = found(texts)
    assert finding.count == 40
    assert "40 of them within 100 lines" in finding.claim


def test_what_the_failing_sources_did_is_not_told_again_as_a_burst() -> None:
    texts = [line for at in range(60) for line in failed("192.0.2.7", f"invalid user u{at}")]
    texts += [f"Mar  3 04:00:00 edge sshd[1]: input: invalid user u{at}" for at in range(60)]
    texts += [
        f"Mar  3 04:00:00 edge sshd[1]: Invalid user u{at} from 192.0.2.7" for at in range(60)
    ]
    texts += [
        f"Mar  3 04:00:00 edge sshd[1]: lookup for x{at} [192.0.2.7] failed" for at in range(60)
    ]
    assert [finding.kind for finding in found(texts)] == ["failing_source"]


def test_an_incident_of_several_lines_is_one_burst() -> None:
    texts = filler(200) + [line for n in range(80) for line in failed(f"198.51.100.{n}")]
    assert bursts(texts) == {"Failed password": 80}


def test_the_slips_of_those_who_get_in_are_no_burst() -> None:
    texts = [line for n in range(60) for line in failed(f"198.51.100.{n}")]
    assert bursts([*texts, *(accepted(f"198.51.100.{n}") for n in range(60))]) == {}


def test_a_query_that_speaks_of_failure_is_no_burst() -> None:
    texts = [
        f"2031-05-01 10:00:00 UTC [9] app@shop LOG:  ran SELECT * FROM errors WHERE failed = {n}"
        for n in range(90)
    ]
    assert found(texts) == []


def test_many_sources_that_fail_once_each_are_a_burst() -> None:
    texts = filler(200) + [failed(f"198.51.100.{n}")[1] for n in range(80)]
    (finding,) = found(texts)
    assert (finding.kind, finding.signature, finding.count) == (
        "error_burst",
        "Failed password",
        80,
    )
    assert "They name 80 addresses." in finding.facts


def test_a_stack_trace_is_one_error_and_not_as_many_as_it_has_lines() -> None:
    trace = [
        "2031-05-01 10:00:00,123 ERROR [main] a.b.Store - Could not save order 17",
        "a.b.StoreException: write failed",
        "\tat a.b.Store.failed(Store.java:10)",
        "\tat a.b.Main.main(Main.java:3)",
        "Caused by: java.io.IOException: disk failed",
        "\t... 23 more",
    ]
    calm = [f"2031-05-01 10:00:01,000 INFO  [main] a.b.Store - saved order {n}" for n in range(50)]
    assert bursts(calm + trace * 20) == {"Could not save": 20}
    assert bursts(["job done"] * 50 + trace[2:] * 20) == {}


def test_answers_5xx_burst_and_scattered_answers_404_do_not() -> None:
    form = '198.51.100.{} - - [01/May/2031:10:{:02}:00 +0000] "GET /{} HTTP/1.1" {} 12'
    texts = [form.format(n % 250, n % 60, n, 200) for n in range(900)]
    texts += [form.format(n % 250, n % 60, n, 404) for n in range(90)]
    texts += [form.format(n % 250, n % 60, n, 502) for n in range(60)]
    assert bursts(texts) == {"HTTP 502": 60}


def test_answers_4xx_burst_only_as_a_large_part_of_all() -> None:
    form = '10.0.{}.{} - - [01/May/2031:10:00:00 +0000] "GET /{} HTTP/1.1" {} 12'
    good = [form.format(1, n % 250, n, 200) for n in range(900)]
    bad = [form.format(n // 250 + 2, n % 250, n, 404) for n in range(400)]
    assert bursts(good + bad[:90]) == {}
    assert bursts(good + bad) == {"HTTP 404": 400}


def test_an_info_line_that_speaks_of_failure_is_no_burst() -> None:
    texts = [f"2031-05-01 10:00:00, Info    CBS    Failed to get element {n}" for n in range(300)]
    assert found(texts) == []
