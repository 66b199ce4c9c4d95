"""``GET /v1/broker``: a WebSocket that carries the broker's own protocol (RESP) for one worker.

Binary messages of any cut, both ways, no subprotocol. The gateway has told the broker who the worker is;
the worker sends nothing but the commands of ``worker/jobs.py``, or the connection is closed with 1008.
"""

from typing import Final

BROKER_PATH: Final = "/v1/broker"
CHUNK_BYTES: Final = 64 * 1024
"""The largest message."""
PING_S: Final = 15.0
"""After so long in silence each side asks whether the other is there, and waits half as long for the answer."""
