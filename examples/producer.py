"""Sends one command to a Perpetua over Kafka and prints its reply. Needs kafka-python only.

    PERPETUA_TOKEN=... python examples/producer.py [--bootstrap HOST:PORT] COMMAND_AS_JSON

    '{"command": "observe", "persona_id": "watcher", "source": "sshd", "content": "a line"}'

Leave out `command_id` and one is made. Send the same one again after a failure: the command is
carried out once. The exit status is 0 if the command was, 1 if it was refused or nothing came back.
"""

import argparse
import json
import os
import sys
import time
import uuid

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

COMMANDS, REPLIES = "perpetua.commands", "perpetua.replies"
LARGEST = 16 * 1024 * 1024


def command_of(text):
    """Read the command, and give it an id of its own if it has none."""
    try:
        command = json.loads(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"no JSON: {wrong}") from wrong
    if not isinstance(command, dict):
        raise argparse.ArgumentTypeError("a command is a JSON object")
    return {"command_id": str(uuid.uuid4()), **command}


parser = argparse.ArgumentParser(description="Send one command, wait for its reply.")
parser.add_argument("command", type=command_of, help="the command as a JSON object")
parser.add_argument("--bootstrap", default="localhost:9092")
parser.add_argument("--key", help="swarm or persona: commands of one key are carried out in order")
parser.add_argument("--wait-secs", type=float, default=30)


def main():
    """Send, then wait for the reply of this command among those of others."""
    args = parser.parse_args()
    command, token = args.command, os.environ.get("PERPETUA_TOKEN")
    if not token:
        parser.error("set PERPETUA_TOKEN to the token of who asks")
    key = args.key or command.get("persona_id") or command.get("proposal_id")
    servers = args.bootstrap.split(",")

    replies = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
    if missing := {COMMANDS, REPLIES} - replies.topics():
        sys.exit(f"no {' and no '.join(sorted(missing))} here: `perpetua ingest` makes them")
    every = [TopicPartition(REPLIES, each) for each in replies.partitions_for_topic(REPLIES)]
    ends = replies.end_offsets(every)  # before the command is sent, so that no reply is missed

    producer = KafkaProducer(bootstrap_servers=servers, acks="all", max_request_size=LARGEST)
    headers = [("authorization", f"Bearer {token}".encode())]
    value = json.dumps(command).encode()
    sent = producer.send(COMMANDS, value, key and key.encode(), headers).get(timeout=30)
    producer.close()
    its = TopicPartition(REPLIES, sent.partition)  # the reply is in the partition of this number
    replies.assign([its])
    replies.seek(its, ends[its])

    deadline = time.monotonic() + args.wait_secs
    while time.monotonic() < deadline:
        for records in replies.poll(500).values():
            for record in records:
                if dict(record.headers).get("ce_commandid") == command["command_id"].encode():
                    reply = json.loads(record.value)
                    print(json.dumps(reply))
                    sys.exit(reply["status"] >= 400)
    sys.exit(
        f"no reply to {command['command_id']} within {args.wait_secs:g} s: is `perpetua ingest`"
        " running? Send it again with this command_id. What is no command gets no reply: see"
        " perpetua.dead-letters"
    )


if __name__ == "__main__":
    try:
        main()
    except KafkaError as error:
        sys.exit(f"Kafka: {error}")
