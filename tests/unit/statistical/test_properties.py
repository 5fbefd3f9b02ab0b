"""What holds for any lines in any batches."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.cognition.statistical import Focus, Line, Notebook
from tests.unit.statistical.logs import recounted, stored

ADDRESSES = st.sampled_from(
    ["192.0.2.7", "192.0.2.8", "198.51.100.1", "2001:db8::7", "gate.example.net", "::ffff:10.1.2.3"]
)
USERS = st.sampled_from(["root", "invalid user x", "sync", "a from 203.0.113.9", "accepted", ""])
FORMS = st.sampled_from(
    [
        "Mar  3 04:0{n}:00 edge sshd[{n}]: Failed password for {u} from {a} port 1 ssh2",
        "Mar  3 04:0{n}:00 edge sshd[{n}]: Accepted password for {u} from {a} port 1 ssh2",
        "Mar  3 04:0{n}:00 edge sshd[{n}]: message repeated {n} times: [ Failed password for {u}"
        " from {a} port 1 ssh2]",
        "Mar  3 04:0{n}:00 edge last message repeated {n} times",
        "auth: authentication failures; user={u} rhost={a}",
        '{a} - - [01/May/2031:10:0{n}:00 +0000] "GET /{n} HTTP/1.1" 40{n} 12',
        '{{"level":"error","msg":"request of {u} failed","client_ip":"{a}"}}',
        "2031-05-01 10:0{n}:00 ERROR [main] a.b.C - Could not reach {a}",
        "{u} rejected from {a}",
        "\tat a.b.C.failed(C.java:{n})",
        "登录失败 来自 {a}",
        "{u}{n}",
    ]
)
TEXTS = st.one_of(
    st.builds(
        lambda form, a, u, n: form.format(a=a, u=u, n=n),
        FORMS,
        ADDRESSES,
        USERS,
        st.integers(0, 9),
    ),
    st.text(max_size=60),
)
LOGS = st.lists(TEXTS, max_size=120)


def read(lines: Sequence[Line], cuts: Sequence[int]) -> Notebook:
    notebook = Notebook()
    edges = [0, *sorted(cut % (len(lines) + 1) for cut in cuts), len(lines)]
    for start, end in pairwise(edges):
        notebook.read(lines[start:end])
        notebook.findings()
    return notebook


@given(LOGS, st.lists(st.integers(0, 500), max_size=9))
def test_any_batches_give_the_same_findings_however_often_one_asks(
    texts: list[str], cuts: list[int]
) -> None:
    whole, parts = read(stored(texts), []), read(stored(texts), cuts)
    assert whole.findings() == parts.findings()
    assert whole.deserves_a_watcher() == parts.deserves_a_watcher()


@given(LOGS, st.integers(2, 6))
@settings(max_examples=150)
def test_every_finding_passes_its_own_recount(texts: list[str], times: int) -> None:
    lines = stored(texts * times)
    for finding in read(lines, []).findings():
        result = recounted(finding, lines)
        assert result.outcome == "passed", (finding, result)
        assert 0.05 <= finding.confidence <= 0.95
        assert len(finding.key) <= 128
        assert finding.claim.isprintable()


@given(LOGS, st.integers(2, 6))
def test_asking_changes_nothing(texts: list[str], times: int) -> None:
    notebook = read(stored(texts * times), [])
    assert notebook.findings() == notebook.findings()
    assert notebook.deserves_a_watcher() == notebook.deserves_a_watcher()


@given(LOGS, st.integers(2, 6))
def test_a_focus_counts_what_the_whole_counts(texts: list[str], times: int) -> None:
    lines = stored(texts * times)
    whole = read(lines, [])
    for finding in whole.findings():
        focused = Notebook(Focus(finding.signature))
        focused.read(lines)
        same = [f for f in focused.findings() if f.key == finding.key]
        if finding.kind == "failing_source":
            assert [f.count for f in same] == [finding.count]


@given(st.lists(st.text(max_size=300), max_size=30))
def test_any_text_is_read(texts: list[str]) -> None:
    noticed = Notebook().read(stored(texts))
    assert noticed.lines == len(texts)
    assert noticed.text
