"""Decision that nobody spoke in a window, although Whisper writes words for most sounds. Pure."""

from typing import Final

from worker.engines.repetition import is_only_loop, is_suspicious, without_repeated_sentences
from worker.engines.whisper.decoder import DecodeResult

_NO_SPEECH: Final = 0.6
_NO_SPEECH_OF_A_LOOP: Final = 0.3
"""Noise of which Whisper makes nothing but a loop has 0.4 and more, speech that it cannot write 0.2."""
_DOUBTFUL: Final = -0.6
"""Mean log probability. Measured: noise -0.78 and less, speech with a high probability of no speech -0.45."""
IMPROBABLE: Final = -0.8
"""In a short window breathing has a low probability of no speech, but such a text; so have wrong short answers."""
_SURELY_SPEECH: Final = 0.15
"""Sounds without words have 0.28 and more in a short window, speech that Whisper mishears hardly more than 0.1."""
_SPEECH_AFTER_WORD: Final = 0.2
"""After a word and a pause sounds without words have 0.55 and more, speech that is misheard 0.19."""
_LEAST_GAIN: Final = 1.3
"""Mean of the tokens' logarithms. Texts of music and breathing have -1.0 to 1.2, answers in noise 1.4 and more."""
_VERY_IMPROBABLE: Final = -0.9
_SPARSE_TOKENS_PER_SECOND: Final = 0.4
_LONG_S: Final = 10.0
"""Music and typing of 16 to 30 s gave "Thank you very much." with -0.94 to -1.29: under 0.4 tokens a second."""
_DOUBTED_TOKENS_PER_SECOND: Final = 1.2
"""16 s of typing gave "Thanks for watching, see you next time!": 0.7 to 1.1 a second, no speech 0.31 to 0.58."""


def is_speech(result: DecodeResult) -> bool:
    """Return whether anybody spoke.

    The probability of no speech alone is wrong for telephone speech and far microphones, where the text is still
    probable. Text that Whisper makes of noise is improbable or repeats itself.
    """
    if not any(map(str.isalnum, result.text)):
        return False
    if result.no_speech > _NO_SPEECH_OF_A_LOOP and is_only_loop(result.text) and not result.repeats_heard:
        return False
    doubtful = result.log_probability < _DOUBTFUL or (is_suspicious(result.text) and not result.repeats_heard)
    return result.no_speech <= _NO_SPEECH or not doubtful


def is_speech_so_far(result: DecodeResult) -> bool:
    """Return whether a partial is speech: a probable sentence in it may be repeated often."""
    said = result._replace(text=without_repeated_sentences(result.text)) if is_confident(result) else result
    return is_speech(said)


def is_sparse(result: DecodeResult, seconds: float, sounding_s: float) -> bool:
    """Return whether a text is improbable and short for its time, as for music and typing.

    ``sounding_s``: without long pauses. An answer before a long silence is no such text.
    """
    tokens = len(result.tokens)
    few = tokens < _SPARSE_TOKENS_PER_SECOND * seconds
    doubted = tokens < _DOUBTED_TOKENS_PER_SECOND * sounding_s and not is_surely_speech(result)
    return sounding_s >= _LONG_S and (few or doubted) and result.log_probability < _VERY_IMPROBABLE


def is_of_sound(gain: float) -> bool:
    """Return whether a text is so much more probable with a sound than with silence that it was heard."""
    return gain >= _LEAST_GAIN


def is_probable(result: DecodeResult) -> bool:
    """Return whether a short window has speech and a probable text."""
    return result.no_speech <= _NO_SPEECH and result.log_probability >= IMPROBABLE


def is_confident(result: DecodeResult) -> bool:
    """Return whether a text is more probable than any of noise."""
    return result.no_speech <= _NO_SPEECH and result.log_probability >= _DOUBTFUL


def is_surely_speech(result: DecodeResult) -> bool:
    """Return whether a short window has speech, whatever its text."""
    return result.no_speech <= _SURELY_SPEECH


def is_spoken_after_word(result: DecodeResult) -> bool:
    """Return whether a short window after a word and a pause has speech, whatever its text."""
    return result.no_speech <= _SPEECH_AFTER_WORD
