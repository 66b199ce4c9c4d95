"""``GET /v1/broker``: a WebSocket that carries the broker's own protocol (RESP) for one remote worker.

Binary messages in both directions, split at arbitrary bytes; no subprotocol. The gateway has already
authenticated the worker to the broker. The worker may send only the commands of ``worker/broker/jobs.py``; for any
other command the gateway closes the connection with 1008.
"""

from typing import Final

BROKER_PATH: Final = "/v1/broker"
SHARD_FIELD: Final = "shard"
"""Field of the query: the shard to which this connection leads. Without it, the first."""
SHARDS_HEADER: Final = "Kikipounamu-Shards"
"""Header of the gateway's answer: the number of shards. Without it, the broker is one server with one shard."""
CHUNK_BYTES: Final = 64 * 1024
"""Largest message in bytes."""
PING_S: Final = 6.0
"""Seconds of silence after which each side sends a ping; it waits half as long for the answer.

Together less than a lease: a worker notices a dead connection while it still has its jobs.
"""
