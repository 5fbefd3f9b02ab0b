"""Store to Kafka, every event once and in order (ADR 8).

relay       `Relay`: holds the slots that nobody else holds, in threads of its own
slot        one slot: stands by, takes hold, publishes, begins anew after any error
session     one hold on a slot's partitions, from the fence to the first error
layout      how many slots there are, and how that changes
progress    how far each partition is published, as Kafka has it
published   that what is there is of this store
mending     what Kafka left half done, and how that is made whole
tail        what was committed last, and where a transaction is open
standing    what each slot last said of itself, for `status`
"""

from services.bus.relay.relay import Relay

__all__ = ["Relay"]
