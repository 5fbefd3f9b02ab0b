"""Sources that fail again and again."""

from services.cognition.statistical import Notebook
from tests.unit.statistical.logs import (
    accepted,
    counts,
    failed,
    filler,
    found,
    recounted,
    sshd,
    stored,
)


def test_a_source_that_fails_again_and_again_is_found_with_its_count() -> None:
    texts = filler(50) + [line for at in range(9) for line in failed("192.0.2.7", second=at)]
    (finding,) = found(texts)
    assert (finding.subject, finding.count, finding.signature) == (
        "192.0.2.7",
        9,
        "Failed password",
    )
    assert finding.claim == (
        "192.0.2.7 failed 9 times with 'Failed password' and never succeeded"
        " (from Mar  3 04:00:00 to Mar  3 04:00:08)."
    )
    assert finding.key == "failing-source-192.0.2.7"
    assert recounted(finding, stored(texts)).outcome == "passed"


def test_several_lines_of_one_incident_are_not_added_up() -> None:
    texts = [line for at in range(6) for line in failed("192.0.2.7", f"invalid user u{at}")]
    texts += [sshd(f"Invalid user u{at} from 192.0.2.7 port 1") for at in range(6)]
    (finding,) = found(texts)
    assert finding.count == 6
    assert any("'authentication failure' 6 times" in fact for fact in finding.facts)
    assert any("'Invalid user' 6 times" in fact for fact in finding.facts)


def test_a_description_of_who_left_is_no_failure_of_its_own() -> None:
    texts = [sshd(f"Invalid user u{at} from 192.0.2.7 port 1") for at in range(6)]
    texts += [sshd(f"Connection closed by invalid user u{at} 192.0.2.7 port 1") for at in range(6)]
    assert counts(texts) == {"192.0.2.7": 6}


def test_one_signature_is_one_whoever_is_named_in_it() -> None:
    texts = [line for at in range(4) for line in failed("192.0.2.7", "root")]
    texts += [line for at in range(4) for line in failed("192.0.2.7", f"invalid user x{at}")]
    assert counts(texts) == {"192.0.2.7": 8}


def test_a_message_repeated_n_times_counts_n() -> None:
    again = "message repeated 11 times: [ Failed password for root from 192.0.2.7 port 1 ssh2]"
    texts = [*failed("192.0.2.7"), sshd(again)]
    (finding,) = found(texts)
    assert finding.count == 12
    assert sum(map(len, finding.cites.values())) == 2
    assert recounted(finding, stored(texts)).outcome == "passed"


def test_no_line_counts_more_than_a_million() -> None:
    again = "message repeated 999999999 times: [ Failed password for root from 192.0.2.7 port 1]"
    assert counts([sshd(again)]) == {"192.0.2.7": 1_000_000}


def test_the_last_message_repeated_counts_for_the_line_before_it() -> None:
    texts = [sshd("Failed password for root from 192.0.2.7 port 1 ssh2")]
    texts += [sshd("last message repeated 6 times"), sshd("Server listening on :: port 22.")]
    (finding,) = found(texts)
    assert finding.count == 7
    assert recounted(finding, stored(texts)).outcome == "passed"


def test_a_source_that_is_only_loud_is_none() -> None:
    assert found([accepted("192.0.2.50") for _ in range(300)]) == []


def test_a_source_with_many_good_logins_and_few_failures_is_none() -> None:
    texts = [accepted("192.0.2.50") for _ in range(300)]
    texts += [line for at in range(8) for line in failed("192.0.2.50", second=at)]
    assert found(texts) == []


def test_a_source_that_got_in_after_many_failures_is_found_with_both_numbers() -> None:
    texts = [line for at in range(40) for line in failed("192.0.2.7", second=at)]
    (finding,) = found([*texts, accepted("192.0.2.7")])
    assert "failed 40 times" in finding.claim
    assert "succeeded once" in finding.claim
    assert finding.spec["successes"] == 1


def test_a_user_who_mistypes_a_few_times_and_gets_in_is_none() -> None:
    texts = [line for at in range(7) for line in failed("192.0.2.50", second=at)]
    assert found([*texts, accepted("192.0.2.50")]) == []


def test_failures_that_do_not_dominate_are_none() -> None:
    texts = [line for at in range(30) for line in failed("192.0.2.50", second=at)]
    assert found([*texts, *[accepted("192.0.2.50")] * 15]) == []


def test_four_failures_are_a_slip() -> None:
    texts = filler(60) + [line for at in range(4) for line in failed("192.0.2.7", second=at)]
    assert found(texts) == []


def test_sources_come_in_the_order_of_their_counts() -> None:
    numbers = {"192.0.2.1": 6, "192.0.2.2": 30, "192.0.2.3": 11, "2001:db8::9": 20}
    texts = [line for name, n in numbers.items() for at in range(n) for line in failed(name)]
    assert list(counts(texts).items()) == sorted(numbers.items(), key=lambda item: -item[1])


def test_the_most_common_signature_leads_where_two_are_as_frequent() -> None:
    texts = [line for at in range(7) for line in failed("192.0.2.1")]
    texts += [line for at in range(20) for line in failed("192.0.2.2")[1:]]
    texts.append(failed("192.0.2.1")[0])  # cut off: the eighth has no second line
    finding = next(f for f in found(texts) if f.subject == "192.0.2.1")
    assert (finding.signature, finding.count) == ("Failed password", 7)


def test_a_signature_that_hardly_anybody_else_has_does_not_lead() -> None:
    texts = [f"handshake mismatch for client 192.0.2.{n % 5}" for n in range(30)]
    texts += [f"denied entry to client 192.0.2.1 port {n}" for n in range(6)]
    assert {f.signature for f in found(texts)} == {"handshake mismatch"}


def test_one_source_under_its_address_and_its_host_name_is_found_once() -> None:
    name = "host-192-0-2-7.dsl.example.net"
    texts = [line for at in range(6) for line in (failed(name)[0], failed("192.0.2.7")[1])]
    assert list(counts(texts)) == ["192.0.2.7"]


def test_a_host_name_alone_is_a_source() -> None:
    texts = [failed("crawler.example.net")[0] for _ in range(6)]
    assert counts(texts) == {"crawler.example.net": 6}


def test_each_address_has_one_way_of_writing() -> None:
    ways = ["2001:db8::7", "2001:DB8:0::7", "2001:0db8:0:0:0:0:0:7"]
    texts = [sshd(f"Failed password for root from {way} port 1 ssh2") for way in ways * 2]
    assert counts(texts) == {"2001:db8::7": 6}
    texts = [sshd(f"Failed password for x from ::ffff:192.0.2.7 port {n}") for n in range(6)]
    assert counts(texts) == {"192.0.2.7": 6}


def test_names_next_to_the_failing_word_do_not_split_the_count() -> None:
    names = [
        "ann",
        "bob",
        "cleo",
        "dan",
        "eve",
        "fay",
        "gus",
        "hal",
        "ivy",
        "jon",
        "kim",
        "leo",
        "mia",
        "ned",
        "ola",
        "pia",
        "quin",
        "ray",
        "sue",
        "tom",
    ]
    texts = [
        f"2031-05-01 10:00:{n:02} auth: {who} rejected from 192.0.2.7 port {n}"
        for n, who in enumerate(names)
    ]
    assert counts(texts) == {"192.0.2.7": 20}


def test_what_is_known_of_a_source_does_not_hang_on_the_file_it_came_in() -> None:
    notebook = Notebook()
    for at in range(6):
        notebook.read(stored(failed("192.0.2.7", second=at), source=f"host{at}.log", first=at))
    (finding,) = notebook.findings()
    assert finding.count == 6
    assert list(finding.cites) == [0, 1, 2, 3, 4, 5]
