"""The heading of an encoded event, read without decoding it."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EVENT_CLASSES, Event
from services.bus.record import rfc3339
from services.store.codec import encode
from services.store.heading import heading
from tests.unit.schemas.made import events

every_class = st.sampled_from(list(EVENT_CLASSES.values()))


@settings(max_examples=200)
@given(every_class.flatmap(events))
def test_the_heading_says_what_the_event_says(event: Event) -> None:
    found = heading(encode(event))
    assert found.event_id == event.event_id
    assert found.swarm_id == event.swarm_id.encode()
    assert datetime.fromisoformat(rfc3339(found.occurred_at_us).decode()) == event.occurred_at


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_written_as_rfc_3339(moment: datetime) -> None:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    assert datetime.fromisoformat(rfc3339(micros).decode()) == moment
    assert rfc3339(micros).endswith(b"Z")
