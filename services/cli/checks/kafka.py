"""The bus: reached, with topics that fit, transactions that work, and a relay that keeps up."""

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene

TRANSACTIONAL_ID = "perpetua-doctor"
"""Nothing is published under it."""
FAR_BEHIND = 10_000


def kafka(scene: Scene) -> Finding:
    """See that Kafka is reached, and its topics fit."""
    from services.bus.errors import BusError

    servers = scene.settings.kafka
    if servers is None:
        return fine("kafka", "none is set, so no events are published")
    try:
        there = _topics_there(scene, servers)
        scene.kafka_is_there = True
        return fine("kafka", f"{servers} {there}")
    except BusError as bad:
        return wrong("kafka", bad.message, bad.hint)


def transactions(scene: Scene) -> Finding | None:
    """See that we may publish in transactions; nothing is published."""
    from services.bus.connect import client
    from services.bus.errors import BusError

    if scene.settings.kafka is None or not scene.kafka_is_there:
        return None
    producer = client(scene.settings.kafka, scene.settings.bus).producer(TRANSACTIONAL_ID)
    try:
        producer.init()
    except BusError as bad:
        return wrong("transactions", bad.message, bad.hint)
    finally:
        producer.close()
    return fine("transactions", "events can be published in transactions")


def relay(scene: Scene) -> Finding | None:
    """See that somebody publishes, and keeps up."""
    from services.bus.standing import relay_standing
    from services.store.recorder import Recorder

    if scene.settings.kafka is None or scene.conninfo is None or not scene.has("relay_slots"):
        return None
    with Recorder(scene.conninfo) as recorder:
        standing = relay_standing(recorder)
    said = f"{standing.lag:,} events are not on Kafka yet"
    problem = standing.problem(scene.machine.now())
    if problem and scene.running():
        return warning("relay", f"{said}: {problem}", "see what is said of kafka")
    if standing.lag > FAR_BEHIND:
        return warning("relay", said, "`perpetua up` or `perpetua relay` publishes them")
    return fine("relay", said if standing.lag else "all events are on Kafka")


def _topics_there(scene: Scene, servers: str) -> str:
    """Reach Kafka without changing it; say what topics there are.

    Raises:
        BusError: it can't be reached, or its topics won't do.
    """
    from services.bus import topics
    from services.bus.connect import client
    from services.bus.errors import TopicsUnfit

    bus = client(servers, scene.settings.bus)
    admin = bus.admin()
    try:
        names = [each.name for each in topics.wanted(1)]
        if not admin.topics(names):
            return "is reached, topics are made at the first start of the relay"
        partitions = topics.partitions_there(bus)
        findings = topics.check(admin, partitions)
    finally:
        admin.close()
    for finding in findings:
        if finding.fatal:
            raise TopicsUnfit(f"topic {finding.topic} {finding.message}", finding.fix)
    notes = f", {len(findings)} to be known: `perpetua topics --check`" if findings else ""
    return f"has all topics, {partitions} partitions each{notes}"
