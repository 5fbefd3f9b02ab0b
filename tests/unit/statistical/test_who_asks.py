"""Who is blamed for a failing line, and who never is."""

import pytest

from tests.unit.statistical.logs import blamed, bursts, counts, says


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Failed login for user bob from 192.0.2.7", "192.0.2.7"),
        ("Failed login for user bob from 192.0.2.7:5060", "192.0.2.7"),
        ("Failed login for user bob from [2001:db8::7]:443", "2001:db8::7"),
        ("connection from 192.0.2.7 denied", "192.0.2.7"),
        ("refused connect from 192.0.2.7", "192.0.2.7"),
        ("login failed user=bob client_ip=192.0.2.7", "192.0.2.7"),
        ("login failed user=bob remoteAddr=192.0.2.7 serverAddr=10.0.0.1", "192.0.2.7"),
        ("login failed rhost=gate.example.net user=bob", "gate.example.net"),
        ("Access denied for user 'root'@'192.0.2.7' (using password: YES)", "192.0.2.7"),
        ("unknown[192.0.2.7]: login authentication failed: abc", "192.0.2.7"),
        ("lost connection, bad password from relay.example.net[192.0.2.7]", "192.0.2.7"),
        (
            "Registration of '<sip:1@10.0.0.1>' failed for '192.0.2.7:5060' - Wrong password",
            "192.0.2.7",
        ),
        ("Deny tcp src outside:192.0.2.7/4444 dst inside:10.0.0.1/22", "192.0.2.7"),
        ("Rejected connection from 192.0.2.7 to 10.0.0.1 port 22", "192.0.2.7"),
        (
            '{"level":"warn","msg":"login failed","clientIp":"192.0.2.7","server":"10.0.0.1"}',
            "192.0.2.7",
        ),
        ('{"log":"Failed password for x from 192.0.2.7 port 22","stream":"stderr"}', "192.0.2.7"),
        (
            "An account failed to log on. Source Network Address: 192.0.2.7 Source Port: 0",
            "192.0.2.7",
        ),
        (
            "<86>1 2031-05-01T10:00:00Z edge sshd 1 - - Failed password for x from 192.0.2.7",
            "192.0.2.7",
        ),
        ("用户登录失败 来自 192.0.2.7", "192.0.2.7"),
    ],
)
def test_who_asks_is_blamed(text: str, source: str) -> None:
    assert blamed(text) == source


@pytest.mark.parametrize(
    "text",
    [
        "Failed to connect to 192.0.2.7 port 5432",
        "Failed to fetch index from 192.0.2.7:8080",
        "Failed to fetch user from 192.0.2.7:8080",
        "Invalid response from api.example.com",
        "Invalid reply from 192.0.2.7",
        "dial tcp 192.0.2.7:9090: failed",
        'level=error msg="Failed to push" addr=192.0.2.7:9090 err="connection refused"',
        "Request to 192.0.2.7 failed",
        "replication failed at 192.0.2.7",
        "task failed: No Route to Host from web1/192.0.2.7 to db1:9000",
        "connect() failed (111: Connection refused) while connecting to upstream,"
        " client: 192.0.2.7, upstream: 10.0.0.2:80",
        "handler failed with an unhandled exception for a request from 192.0.2.7",
        "192.0.2.7:50010: Failed serving block_1 to /192.0.2.8:50010",
        "Failed to start on 192.0.2.7:80",
        "transfer failed from 192.0.2.7 to 192.0.2.9",
        "node 192.0.2.7 failed",
    ],
)
def test_what_was_asked_is_not_blamed(text: str) -> None:
    reading = says(text)
    assert reading.failing
    assert not reading.blamed


def test_a_destination_that_fails_is_an_error_burst_and_no_source() -> None:
    texts = [f"2031-05-01 10:00:{n:02} Failed to connect to 192.0.2.7 port 5432" for n in range(30)]
    assert counts(texts) == {}
    assert bursts(texts) == {"Failed to connect": 30}


def test_of_two_addresses_in_running_text_the_last_counts() -> None:
    text = "Failed password for invalid user x from 198.51.100.1 from 192.0.2.7 port 22 ssh2"
    assert blamed(text) == "192.0.2.7"


def test_a_name_that_reads_like_a_key_gets_nobody_else_blamed() -> None:
    text = "Failed password for invalid user client=198.51.100.1 from 192.0.2.7 port 22 ssh2"
    assert blamed(text) in {"", "192.0.2.7"}


def test_of_two_keys_of_the_asker_the_first_counts() -> None:
    assert blamed("auth failure rhost=192.0.2.7 user=rhost=198.51.100.1") == "192.0.2.7"


def test_a_user_with_the_name_of_an_outgoing_verb_is_still_one_who_asks() -> None:
    for name in ("sync", "read", "query", "from", "upload", "for"):
        text = f"Failed password for {name} from 192.0.2.7 port 22 ssh2"
        assert blamed(text) == "192.0.2.7", name


def test_a_quoted_repetition_is_not_believed() -> None:
    text = (
        "Mar  3 04:00:00 edge sshd[1]: Invalid user message repeated 500 times:"
        " [ Failed password for root from 198.51.100.1 port 1 ssh2] from 192.0.2.7 port 1"
    )
    assert counts([text] * 6) == {"192.0.2.7": 6}


def test_version_numbers_and_times_are_no_addresses() -> None:
    for text in (
        "login failed from version 1.2.3.4.5",
        "login failed at 12:34:56 from 300.1.1.1",
        "login failed from 12:34:56",
        "login failed from Foo::Bar",
    ):
        assert says(text).source == "", text
