"""Signs that Whisper missed the end of a short window, and which of two results is the better one. Pure."""

from typing import Final

from worker.engines.repetition import has_repetition, is_loop, is_only_loop
from worker.engines.whisper.decoder import DecodeResult
from worker.engines.whisper.no_speech import is_probable, is_speech, is_surely_speech

_LATE_S: Final = 0.5
_COARSELY_LATE_S: Final = 1.0  # many ends are stated in whole seconds
_DRIFT: Final = 0.04
"""Share of the duration: in windows of 24 s ends were stated 0.7 s late, with the same text as with 30 s."""
_COARSE_S: Final = 2.0  # the end that Whisper states for most answers of one word
_MOST_TOKENS_PER_SECOND: Final = 8


def is_acceptable(result: DecodeResult) -> bool:
    """Return whether a short window has speech, and a text that 30 s would hardly improve."""
    return is_probable(result) or is_surely_speech(result)


def is_in_bounds(result: DecodeResult, seconds: float) -> bool:
    """Return whether a text ends with the audio and says nothing twice.

    With less padding than in training, Whisper sometimes misses the end: it repeats itself or goes on after it.
    """
    late_s = max(_LATE_S if result.end_s % 1 else _COARSELY_LATE_S, _DRIFT * seconds)
    in_time = result.end_s <= max(seconds + late_s, _COARSE_S)
    return in_time and is_plausible(result, seconds)


def is_plausible(result: DecodeResult, seconds: float) -> bool:
    """Return whether a text has no more words than can be spoken in this time, and does not repeat itself."""
    return len(result.tokens) <= _MOST_TOKENS_PER_SECOND * seconds and not has_repetition(result.text)


def is_certain(result: DecodeResult, seconds: float) -> bool:
    """Return whether a short window of audio that Whisper skipped has speech, and a probable text with its end."""
    certain = is_surely_speech(result) and is_probable(result)
    return certain and any(map(str.isalnum, result.text)) and is_in_bounds(result, seconds)


def better_result(long: DecodeResult, short: DecodeResult, seconds: float) -> DecodeResult:
    """Choose between the results of a window of 30 s and of a short one that was not reliable.

    The long window decides whether anybody spoke. For a short answer, the short one's text is often more probable.
    Words before a loop are invented if the short window gives only a loop: real speech begins alike in both.
    """
    if is_loop(long.text) and not is_only_loop(long.text) and is_only_loop(short.text) and not is_speech(short):
        return short
    if not is_speech(long) or not is_in_bounds(short, seconds):
        return long
    best = max(long, short, key=lambda result: (not is_loop(result.text), result.log_probability))
    return best._replace(no_speech=long.no_speech)
