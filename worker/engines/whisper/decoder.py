"""Encoder and decoder of Whisper for one window of audio: features of up to 30 s, encoded once.

``WhisperModel.transcribe`` of faster-whisper always pads to 30 s, which is most of the work for a sentence. So
this module calls the encoder and the decoder itself, with windows of any length. Padding is silence, as in
OpenAI's Whisper (github.com/openai/whisper); faster-whisper pads with zeros, which are not silence.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import pairwise
from math import inf, log
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from worker.engines.repetition import without_loops

FRAMES_PER_SECOND: Final = 100
LONGEST_FRAMES: Final = 30 * FRAMES_PER_SECOND

_SECONDS_PER_TIMESTAMP: Final = 0.02
_SHORTEST_ADVANCE_S: Final = 1.0  # also lets every decode end
_LONGEST_PROMPT: Final = 448
_BEAMS: Final = 5
_FEATURES_RANGE: Final = 2.0
_LEAST_FEATURE: Final = -1.5
"""The log-Mel spectrogram is clipped at 80 dB below its maximum and at -100 dB; here divided by 40 dB, plus 1."""
_PROMPTS: Final = {"zh": "以下是普通话的句子。", "en": "This is a sentence in English."}
"""Without them, Mandarin is often written in traditional characters, and English without punctuation."""
_TEXTS: Final = 8
_SECOND: Final = 16_000
_SILENT_FRAMES: Final = 100
_LEAST: Final = 1e-12
_PART: Final = "\ufffd"
_SPACE: Final = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"
"""How the vocabulary writes a space."""
_ECHOES: Final = {"zh": "以下是普通话", "en": "is a sentence in English"}

Samples = npt.NDArray[np.float32]
Features = npt.NDArray[np.float32]


class WindowOptions(NamedTuple):
    """Options of the windows of a segment. A partial is decoded cheaply.

    ``translates``: the text is to be in English. ``spoken``: the languages of the speaker; empty: not known.
    """

    language: str
    hotwords: str = ""
    partial: bool = False
    translates: bool = False
    spoken: tuple[str, ...] = ()

    @property
    def beams(self) -> int:
        """Number of beams of the beam search."""
        return 1 if self.partial else _BEAMS


class DecodeSettings(NamedTuple):
    """Settings of one decode. ``most_tokens`` bounds its length and so its time.

    ``goes_on``: audio follows the window, so that a phrase at its end may be cut. ``primed``: the decode begins
    after a sentence that shows how to write the language.
    """

    options: WindowOptions
    most_tokens: int
    goes_on: bool
    primed: bool = True


class Phrase(NamedTuple):
    """Part of a text that Whisper timed, in seconds from the start of the window."""

    text: str
    start_s: float
    end_s: float


class DecodeResult(NamedTuple):
    """Text of a decoded window. ``end_s``: its last timestamp.

    ``tokens`` are those of the text. ``resume_s``: where speech begins that is not decoded, if any.
    ``log_probability`` is the mean of all tokens. ``no_speech``: the probability of no speech.
    ``repeats_heard``: each repetition has a sound of its own, so that they are no loop.
    """

    text: str
    tokens: tuple[int, ...]
    end_s: float
    resume_s: float | None
    log_probability: float
    no_speech: float
    phrases: tuple[Phrase, ...] = ()
    repeats_heard: bool = False

    def without_loops(self) -> str:
        """Return the text with one occurrence of each phrase that loops."""
        return self.text if self.repeats_heard else without_loops(self.text)

    def frames(self) -> int:
        """Return how many frames of the window are decoded."""
        return LONGEST_FRAMES if self.resume_s is None else round(self.resume_s * FRAMES_PER_SECOND)


class WhisperDecoder:
    """Loaded Whisper model that decodes single windows."""

    def __init__(self, model: Any) -> None:
        """Take a ``faster_whisper.WhisperModel``."""
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = model
        made = partial(Tokenizer, _repaired_vocabulary(model.hf_tokenizer), model.model.is_multilingual)
        self._tokenizer: Any = cache(lambda language, task: made(task, language))
        self.known_languages = tuple(sorted(model.supported_languages))
        self.multilingual = bool(model.model.is_multilingual)
        silent = self.features(np.zeros(_SECOND, np.float32))[:, :_SILENT_FRAMES]
        self._silence: Any = cache(lambda copies: model.encode(np.repeat(silent[np.newaxis], copies, 0)))
        self._suppressed = list(get_suppressed_tokens(self._tokenizer("en", "transcribe"), [-1]))

    def features(self, samples: Samples) -> Features:
        """Return the log-Mel spectrogram, 100 frames a second, with 30 s of silence after the audio."""
        found: Features = self._model.feature_extractor(samples)[:, :-1]  # cut like faster-whisper
        return add_silence(found)

    def encode(self, features: Features) -> Any:
        """Encode a window of features."""
        return self._model.encode(features)

    def languages(self, encoded: Any) -> list[str]:
        """Return the languages of the model, the most probable one first."""
        if not self._model.model.is_multilingual:
            return ["en"]
        return [str(token).strip("<|>") for token, _ in self._model.model.detect_language(encoded)[0]]

    def languages_within(self, encoded: Any, parts: Sequence[tuple[int, int]]) -> list[dict[str, float]]:
        """Return how probable each language is in parts of an encoded window, given by their frames.

        A part of the encoding tells as much as the encoding of a part, which takes far longer.
        """
        if not (self.multilingual and parts):
            return [{"en": 1.0} for _ in parts]
        from ctranslate2 import Device, StorageView  # type: ignore[import-untyped]  # ships no types

        whole = np.asarray(encoded.to_device(Device.cpu))
        found = []
        for first, last in parts:
            part = np.ascontiguousarray(whole[:, first // 2 : last // 2])
            (ranked,) = self._model.model.detect_language(StorageView.from_array(part))
            found.append({token.strip("<|>"): probability for token, probability in ranked})
        return found

    def decode(self, encoded: Any, settings: DecodeSettings) -> DecodeResult:
        """Decode an encoded window."""
        tokenizer, prompt_tokens = self._tokenizer_and_prompt(settings)
        most_tokens = settings.most_tokens
        (result,) = self._model.model.generate(
            encoded,
            [prompt_tokens],
            beam_size=settings.options.beams,
            # CTranslate2 generates at most half of this, and no more than the prompt leaves
            max_length=min(_LONGEST_PROMPT, max(2 * most_tokens, most_tokens + len(prompt_tokens))),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )
        tokens = result.sequences_ids[0]
        log_probability = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the end counts as a token
        times = [(token - tokenizer.timestamp_begin) * _SECONDS_PER_TIMESTAMP for token in tokens]
        complete, resume_s = complete_tokens(times, settings.goes_on)
        said = [token for token in tokens[:complete] if token < tokenizer.eot]
        text, no_speech = without_cut_character(tokenizer.decode(said)), result.no_speech_prob
        phrases = tuple(
            Phrase(without_cut_character(tokenizer.decode(tokens[first:last])), start_s, end_s)
            for first, last, start_s, end_s in phrase_spans(times[:complete])
        )
        return DecodeResult(
            text, tuple(said), max(times, default=0.0), resume_s, log_probability, no_speech, phrases
        )

    def words(self, encoded: Any, settings: DecodeSettings, text: str) -> list[tuple[int, float]]:
        """Return where the parts of a text's words begin: in the text, and in seconds in a window.

        Timestamps that Whisper wrote are ignored.
        """
        tokenizer, prompt_tokens = self._tokenizer_and_prompt(settings)
        tokens = tokenizer.encode(text)
        words = [n for n, token in enumerate(tokens) if _is_in_word(tokenizer.decode([token]))]
        if not words:
            return []
        begins: dict[int, float] = {}
        (aligned,) = self._model.model.align(encoded, prompt_tokens, [tokens], [2 * encoded.shape[1]])
        for token, at in aligned.alignments:
            begins.setdefault(token, at * _SECONDS_PER_TIMESTAMP)
        return [(len(tokenizer.decode(tokens[:n])), begins.get(n, inf)) for n in words]

    def gain_over_silence(self, encoded: Any, settings: DecodeSettings, text: str) -> float:
        """Return how much more probable a text is in a window than in silence, as the mean of its tokens."""
        tokenizer, prompt_tokens = self._tokenizer_and_prompt(settings)
        tokens = [tokenizer.encode(text)]
        sound, silence = (
            sum(_logarithms(self._model.model.align(window, prompt_tokens, tokens, [frames])[0]))
            for window, frames in ((encoded, 2 * encoded.shape[1]), (self._silence(1), _SILENT_FRAMES))
        )
        return (sound - silence) / len(tokens[0])

    def _tokenizer_and_prompt(self, settings: DecodeSettings) -> tuple[Any, list[int]]:
        """Return the tokenizer of a decode, and the tokens before its text."""
        options = settings.options
        tokenizer = self._tokenizer(options.language, "translate" if options.translates else "transcribe")
        prompt = _PROMPTS.get(options.language) if settings.primed else None
        before = tokenizer.encode(f" {prompt}") if prompt else []
        return tokenizer, self._model.get_prompt(tokenizer, before, hotwords=options.hotwords or None)

    def text_log_probabilities(self, language: str, texts: Sequence[str]) -> list[float]:
        """Return the log probabilities of texts without a voice, after the sentence that primes the language."""
        tokenizer, prompt_tokens = self._tokenizer_and_prompt(
            DecodeSettings(WindowOptions(language), 0, goes_on=False)
        )
        space = "" if language == "zh" else " "
        found: list[float] = []
        for begin in range(0, len(texts), _TEXTS):
            tokens = [tokenizer.encode(f"{space}{text}") for text in texts[begin : begin + _TEXTS]]
            silence = self._silence(len(tokens))
            aligned = self._model.model.align(silence, prompt_tokens, tokens, [_SILENT_FRAMES] * len(tokens))
            found += (sum(_logarithms(text)) for text in aligned)
        return found


def _logarithms(aligned: Any) -> list[float]:
    """Return the log probability of each token of an aligned text."""
    return [log(max(one, _LEAST)) for one in aligned.text_token_probs]


def _repaired_vocabulary(known: Any) -> Any:
    """Return a vocabulary whose words that begin with "t" are written as Whisper writes them.

    Published files lack the first merge, of a space and a "t": they split " takes" into three tokens, not one.
    """
    if known.encode(" t", add_special_tokens=False).tokens == [_SPACE + "t"]:
        return known
    described = json.loads(known.to_str())
    merges = described["model"]["merges"]
    merges.insert(0, [_SPACE, "t"] if isinstance(merges[0], list) else f"{_SPACE} t")
    return type(known).from_str(json.dumps(described))


def _is_in_word(decoded: str) -> bool:
    """Return whether a token is a letter, a digit, or a part of a character."""
    return any(character.isalnum() or character == _PART for character in decoded)


def without_cut_character(decoded: str) -> str:
    """Return a text without the mark of a character that the limit of tokens has cut."""
    return decoded.replace(_PART, "")


def echoes_prompt(text: str, language: str) -> bool:
    """Return whether a text has the sentence that primes a language, which Whisper sometimes repeats."""
    echo = _ECHOES.get(language)
    return echo is not None and echo in text


def add_silence(features: Features) -> Features:
    """Add 30 s of silence: the features that samples of zeros after the audio would have."""
    silence = max(float(features.max()) - _FEATURES_RANGE, _LEAST_FEATURE)
    return np.pad(features, ((0, 0), (0, LONGEST_FRAMES)), constant_values=silence)


def complete_tokens(times: Sequence[float], goes_on: bool) -> tuple[int, float | None]:
    """Return how many tokens belong to complete phrases, and where the next one begins, if it is to be decoded.

    ``times`` are the timestamps in seconds, negative for text. A phrase ends with a timestamp, and the next one
    begins with another. A phrase without an end may be cut if audio follows the window.
    """
    starts = [at for at in range(1, len(times)) if times[at] >= 0 <= times[at - 1] >= _SHORTEST_ADVANCE_S]
    ends_with_text, ends_with_two = bool(times) and times[-1] < 0, bool(starts) and starts[-1] == len(times) - 1
    if starts and (ends_with_two or (ends_with_text and goes_on)):
        return starts[-1], times[starts[-1] - 1]
    return len(times), None


def phrase_spans(times: Sequence[float]) -> Iterator[tuple[int, int, float, float]]:
    """Yield the tokens of each phrase, from the first to the last exclusive, and its start and end in seconds.

    A phrase without an end goes on for ever.
    """
    marks = [at for at, time in enumerate(times) if time >= 0] + [len(times)]
    yield from (
        (before + 1, after, times[before], times[after] if after < len(times) else inf)
        for before, after in pairwise(marks)
        if after - before > 1
    )
