"""A Kafka broker of our own on this machine: Apache's, without Docker.

local_broker  `LocalBroker`: one broker with its data in a folder
jars          its jars, brought once by Maven and checked
java          a Java that runs it
settings      how it is set up, for a laptop
process       it as a process: launched, found again, ended
port          ports that are free, and that answer
"""

from services.bus.broker.local_broker import LocalBroker

__all__ = ["LocalBroker"]
