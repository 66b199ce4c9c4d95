"""Where a segment was cut, for the log: how much of it is the silence in which its end was waited for."""

import structlog

from protocol.audio import samples_to_ms
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_CAPTURE_STORY)


def cut(segment: int, samples: int, silence: int) -> None:
    """It is complete: so long, and its last ``silence`` samples have no speech. The session is bound."""
    log.info("segment cut", segment=segment, audio_ms=samples_to_ms(samples), silence_ms=samples_to_ms(silence))
