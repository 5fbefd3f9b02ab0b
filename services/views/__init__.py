"""The read models, kept up with the store.

views         `Views`: what the rest asks
tables        what lies beside the views
standing      how far they are, what stops them, what they pass over

projector     catches all of them up, each at its own pace
batch         folds and saves one batch, exactly once
by_position   their checkpoints, one a view, and the partitions that lag

apart         keeps one of them up by itself, from any source of events
by_partition  its checkpoints, one a partition
ownership     who keeps a view, and the events of which store it holds
store_source  the store as such a source
session       how all who keep views up connect
skips         what people decided that a view passes over, and lets it go on

rebuild       builds one anew, as a view apart, while the old one is read
from_store    feeds that from the store; brings views of an earlier version up to date
from_kafka    feeds it from Kafka
parallel      feeds it from the store, in several processes
beside        the schema it is built in, and the swap of the tables
filling       has it take in all up to where the old one stands, and no more
bounded       cuts a source of events off at such a place
exchange      what it takes over from the old one: checkpoints, and who keeps it
others        what others have on the old one: what depends on it, what was granted
errors        why the old one stays

reader        read-only connections
guard         who may read what
events        the store, as far as views read it
"""

from services.views.views import Views

__all__ = ["Views"]
