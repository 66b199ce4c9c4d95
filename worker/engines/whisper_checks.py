"""Checks of what Whisper decoded: whether a short window can be trusted, and whether anybody spoke. Pure."""

from typing import Final

from worker.engines.repetition import has_repetition, is_loop, is_only_loop, is_suspicious, said_once
from worker.engines.whisper_reader import Reading

_NO_SPEECH: Final = 0.6
_NO_SPEECH_OF_A_LOOP: Final = 0.3
"""Noise of which Whisper makes nothing but a loop has 0.4 and more, speech that it cannot write 0.2."""
_DOUBTFUL: Final = -0.6
"""Mean log probability. Measured: noise -0.78 and less, speech with a high probability of no speech -0.45."""
_IMPROBABLE: Final = -0.8
"""In a short window breathing has a low probability of no speech, but such a text; so have wrong short answers."""
_SURELY_SPEECH: Final = 0.15
"""Sounds without words have 0.28 and more in a short window, speech that Whisper mishears hardly more than 0.1."""
_SPEECH_AFTER_WORD: Final = 0.2
"""After a word and a pause sounds without words have 0.55 and more, speech that is misheard 0.19."""
_VERY_IMPROBABLE: Final = -0.9
_SPARSE_TOKENS_PER_SECOND: Final = 0.4
_LONG_S: Final = 10.0
"""Music and typing of 16 to 30 s gave "Thank you very much." with -0.94 to -1.29: under 0.4 tokens a second."""
_DOUBTED_TOKENS_PER_SECOND: Final = 1.2
"""16 s of typing gave "Thanks for watching, see you next time!": 0.7 to 1.1 a second, no speech 0.31 to 0.58."""
_LATE_S: Final = 0.5
_COARSELY_LATE_S: Final = 1.0  # many ends are stated in whole seconds
_DRIFT: Final = 0.04
"""Share of the duration: in windows of 24 s ends were stated 0.7 s late, with the same text as with 30 s."""
_COARSE_S: Final = 2.0  # the end that Whisper states for most answers of one word
_MOST_TOKENS_PER_SECOND: Final = 8


def is_heard(reading: Reading) -> bool:
    """Return whether a short window has speech, and a text that 30 s would hardly improve."""
    return is_probable(reading) or reading.no_speech <= _SURELY_SPEECH


def is_probable(reading: Reading) -> bool:
    """Return whether a short window has speech and a probable text."""
    return reading.no_speech <= _NO_SPEECH and reading.log_probability >= _IMPROBABLE


def is_spoken_after_word(reading: Reading) -> bool:
    """Return whether a short window after a word and a pause has speech, whatever its text."""
    return reading.no_speech <= _SPEECH_AFTER_WORD


def is_in_bounds(reading: Reading, seconds: float) -> bool:
    """Return whether a reading ends with the audio and says nothing twice.

    With less padding than in training, Whisper sometimes misses the end: it repeats itself or goes on after it.
    """
    late_s = max(_LATE_S if reading.end_s % 1 else _COARSELY_LATE_S, _DRIFT * seconds)
    in_time = reading.end_s <= max(seconds + late_s, _COARSE_S)
    return in_time and says_once(reading, seconds)


def says_once(reading: Reading, seconds: float) -> bool:
    """Return whether a reading has no more words than can be spoken in this time, and does not repeat itself."""
    return len(reading.tokens) <= _MOST_TOKENS_PER_SECOND * seconds and not has_repetition(reading.text)


def is_surely_said(reading: Reading, seconds: float) -> bool:
    """Return whether a short window of audio that another reading left out has speech, and its text is sound."""
    surely = reading.no_speech <= _SURELY_SPEECH and is_probable(reading)
    return surely and any(map(str.isalnum, reading.text)) and is_in_bounds(reading, seconds)


def is_speech(reading: Reading) -> bool:
    """Return whether anybody spoke.

    The probability of no speech alone is wrong for telephone speech and far microphones, where the text is still
    probable. Text that Whisper makes of noise is improbable or repeats itself.
    """
    if not any(map(str.isalnum, reading.text)):
        return False
    if reading.no_speech > _NO_SPEECH_OF_A_LOOP and is_only_loop(reading.text) and not reading.found:
        return False
    doubtful = reading.log_probability < _DOUBTFUL or (is_suspicious(reading.text) and not reading.found)
    return reading.no_speech <= _NO_SPEECH or not doubtful


def is_speech_so_far(reading: Reading) -> bool:
    """Return whether anybody spoke, of a partial: a probable sentence in it may be said again and again."""
    probable = reading.no_speech <= _NO_SPEECH and reading.log_probability >= _DOUBTFUL
    return is_speech(reading._replace(text=said_once(reading.text)) if probable else reading)


def is_sparse(reading: Reading, seconds: float, sounding_s: float) -> bool:
    """Return whether a text is improbable and says next to nothing in a long time, as of music and typing.

    ``sounding_s``: without long pauses. An answer before a long silence is no such text.
    """
    tokens = len(reading.tokens)
    few = tokens < _SPARSE_TOKENS_PER_SECOND * seconds
    doubted = tokens < _DOUBTED_TOKENS_PER_SECOND * sounding_s and reading.no_speech > _SURELY_SPEECH
    return sounding_s >= _LONG_S and (few or doubted) and reading.log_probability < _VERY_IMPROBABLE


def better(long: Reading, short: Reading, seconds: float) -> Reading:
    """Choose between the readings of a window of 30 s and of a short one that was not reliable.

    The long one decides whether anybody spoke. Of a short answer the short one is often the more probable.
    """
    if not is_speech(long) or not is_in_bounds(short, seconds):
        return long
    best = max(long, short, key=lambda reading: (not is_loop(reading.text), reading.log_probability))
    return best._replace(no_speech=long.no_speech)
