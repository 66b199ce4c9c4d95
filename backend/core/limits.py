"""Limits that sessions and the broker share."""

from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.session import LIMITS

PARTIAL_S: Final = 30.0
"""Longest segment with partials: each request covers its segment from the beginning."""
PARTIALS_BYTES: Final = 32 * 1024 * 1024
"""Limit of all requests in one stream. Their options arrived in one text message, which bounds their length."""
PARTIALS_ENTRIES: Final = PARTIALS_BYTES // (round(PARTIAL_S * SAMPLE_RATE) * BYTES_PER_SAMPLE + LIMITS.json_bytes)
