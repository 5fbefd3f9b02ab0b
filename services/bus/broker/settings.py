"""What the local broker is told: one node, fit for a laptop, heard on this machine only."""

from typing import Final

HOST: Final = "127.0.0.1"
_ONE_NODE: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
}
_SMALL: Final = {
    "offsets.topic.num.partitions": "5",
    "share.coordinator.state.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "8388608",
}
"""So that it starts quickly, and its first groups and transactions do too."""
_OURS: Final = {
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "auto.create.topics.enable": "false",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "offsets.retention.minutes": "5256000",
}
"""A misspelt topic is an error; a hung transaction holds readers up hardly beyond its timeout; who
is away for less than ten years goes on where it was."""
JAVA_OPTIONS: Final = ("-Xms128m", "-Xmx400m", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


def server_properties(data: str, port: int, controller_port: int) -> str:
    """Return the broker's settings file.

    Args:
        data: Folder of the data, relative to where the broker runs: no path needs escaping.
        port: Where clients connect.
        controller_port: Where the node talks to itself; may change at every start.
    """
    where = {
        "log.dirs": data,
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
    }
    settings = _ONE_NODE | _SMALL | _OURS | where
    return "".join(f"{name}={value}\n" for name, value in settings.items())
