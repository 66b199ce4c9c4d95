"""Log where segments were cut, and how much of each is trailing silence."""

import structlog

from protocol.audio import samples_to_ms
from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.APP_CAPTURE_STORY)


def cut(segment: int, samples: int, silence: int) -> None:
    """Log a complete segment: its length, and its last ``silence`` samples without speech.

    The session is bound to the log already.
    """
    log.info(
        LogEvent.SEGMENT_CUT, segment=segment, audio_ms=samples_to_ms(samples), silence_ms=samples_to_ms(silence)
    )
