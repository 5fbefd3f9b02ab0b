"""Admission by the ledger equals one save after the other, whatever the group."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.store.errors import GuardConflict, VersionConflict
from services.store.ledger import Ledger
from services.store.save import Record, Save, spans
from tests.integration.store.making import record

STREAMS = st.sampled_from("abc")


@st.composite
def saves(draw: st.DrawFn) -> Save:
    records: list[Record] = []
    for stream in draw(st.lists(STREAMS, unique=True, min_size=1)):
        first = draw(st.integers(1, 4))
        records += [record(stream, first + n) for n in range(draw(st.integers(1, 2)))]
    return Save(records, draw(st.dictionaries(STREAMS, st.integers(0, 4), max_size=1)))


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(saves(), max_size=12), st.integers(0, 5))
def test_positions_and_versions_follow_without_gaps_for_any_group(
    group: list[Save], before: int
) -> None:
    ledger = Ledger(before)
    written: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    given_out: list[int] = []
    for save in group:
        stands = {stream: len(versions) for stream, versions in written.items()}
        fits = all(stands[s] == version for s, version in save.guards.items()) and all(
            stands[span.stream] == span.first - 1 for span in spans(save.records)
        )
        try:
            given_out += ledger.admit(save, spans(save.records))
        except (VersionConflict, GuardConflict):
            assert not fits
            continue
        assert fits
        for each in save.records:
            written[str(each.originator_id)].append(each.originator_version)
    assert given_out == list(range(before + 1, before + 1 + len(given_out)))
    for versions in written.values():
        assert versions == list(range(1, len(versions) + 1))
