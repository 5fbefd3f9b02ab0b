"""Commands by Kafka, decided on like those over HTTP.

command       what can be asked for, and the request over HTTP each one is
decoding      records to commands, in Avro or JSON
deciding      a command to what came of it, through the API within this process
letters       what goes back: replies and dead letters
ingest        `Ingest`: takes, decides, answers, commits; exactly once
"""

from services.ingest.ingest import Ingest

__all__ = ["Ingest"]
