"""Segment that Whisper recognises window by window, with the times of its phrases or words."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from msgspec.structs import replace

from protocol.recognition import Options, Word
from worker.engines.repetition import counted
from worker.engines.whisper.agreement import continued, ends_like, is_new
from worker.engines.whisper.changes import in_several_languages
from worker.engines.whisper.full_stops import shared_out, with_likely_stops
from worker.engines.whisper.left_out import SENTENCE, Rest, rest_after, whole
from worker.engines.whisper.pauses import first_sound, sounds_from
from worker.engines.whisper.reader import FRAMES_PER_SECOND, LONGEST_FRAMES, Asked, Reading, Samples, WhisperReader
from worker.engines.whisper.speech import IMPROBABLE, is_probable
from worker.engines.whisper.window import Audio, Limit, Window
from worker.engines.word_times import AROUND, pieces_of, timed_words

_BRIEF_FRAMES: Final = 2 * FRAMES_PER_SECOND
"""A partial as short begins with its first sound: after silence Whisper often hears nobody in it."""
_LONGEST_PIECE_S: Final = 0.6
"""Most words of English are one token, and last longer than a syllable."""
_MOST_LANGUAGES: Final = 2
_SURELY_READ: Final = 60 * FRAMES_PER_SECOND
_TIMES_READ: Final = 4
"""Limit of the frames that are read of a segment: a minute, and four times its own. Beyond it, nothing is read
twice. A word needs 40 s at most, sentences in turn 3.7 times their length; those that disagree took 22."""


class Passage(NamedTuple):
    """Text of a segment, decoded with a language. ``log_probability`` is the mean of its windows.

    ``phrases`` or words have times from the start of the segment; a text with one or with a loop has none.
    """

    text: str
    language: str
    log_probability: float
    phrases: tuple[Word, ...] = ()


class SegmentDecoder:
    """Decoder of one segment, whose windows are encoded once for all languages."""

    def __init__(
        self,
        reader: WhisperReader,
        samples: Samples,
        partial: bool,
        *,
        translates: bool = False,
        times_words: bool = False,
    ) -> None:
        """Compute the features of the segment.

        ``translates``: its text is to be in English. ``times_words``: the passage has words instead of phrases.
        """
        self._reader, self._partial = reader, partial
        self._translates, self._times_words = translates, times_words
        features = reader.features(samples)
        little = features[:, : features.shape[1] - LONGEST_FRAMES]
        brief = partial and 0 < little.shape[1] < _BRIEF_FRAMES
        self._features = features[:, first_sound(little) if brief else 0 :]
        self._frames: int = self._features.shape[1] - LONGEST_FRAMES
        self._audio: dict[int, Audio] = {}

    def languages(self, options: Options) -> Iterator[str]:
        """Return the languages to try in turn: the given one, then the most probable ones of the listed."""
        given = () if options.language == "auto" else (options.language,)
        yield from given
        listed = set(options.languages).intersection(self._reader.known)
        first = self._from(0)
        ranked = self._reader.languages(first.encoded(first.padded()))
        others = (found for found in ranked if found not in given and (not listed or found in listed))
        yield from islice(others, (1 if self._partial else _MOST_LANGUAGES) - len(given))

    def doubts(self, passage: Passage, spoken: Sequence[str]) -> bool:
        """Return whether a text is improbable, and another one of the speaker's languages is likelier."""
        window = Window(self._from(0), Asked(passage.language, "", self._partial, self._translates, tuple(spoken)))
        improbable = passage.log_probability < IMPROBABLE
        return improbable and window.in_its_language().asked.language != passage.language

    def decode(self, language: str, hotwords: str, spoken: Sequence[str] = ()) -> Passage:
        """Decode the whole segment with a language. ``spoken``: the languages of the speaker."""
        asked = Asked(language, hotwords, self._partial, self._translates, tuple(spoken))
        readings: list[Reading] = []
        phrases: list[Word] = []
        text, at, end = "", 0, 0
        rest: Rest | None = None
        limit = Limit(_SURELY_READ + _TIMES_READ * self._frames)
        while at < self._frames:
            window, heard = self._heard(Window(self._from(at), asked, limit), in_its_language=rest is not None)
            reading = in_several_languages(window, heard) or whole(window, heard)
            said = window.text(reading)
            again = counted(said) >= SENTENCE and ends_like(text, said)
            new = is_new(said, text) and not again
            if rest and not (said and rest.is_found(reading, new, again)):
                at, rest = end, None
                continue
            readings.append(reading)
            phrases = [*_ended(phrases, at), *self._timed(at, window, reading)]
            text = continued(text, said) if rest and new else text + said
            aligned = reading.without_loops() if reading.found or heard.text == reading.text else ""
            rest, end = rest_after(window, reading, aligned), at + reading.frames()
            at = at + rest.at if rest else end
        text = text.strip()
        if not self._partial:
            written = "en" if self._translates else language
            text = with_likely_stops(text, written, partial(self._reader.likely, written))
        shared = shared_out(text, [phrase.text for phrase in phrases])
        phrases = [replace(phrase, text=said.strip(AROUND)) for phrase, said in zip(phrases, shared, strict=True)]
        log_probability = sum(reading.log_probability for reading in readings) / len(readings)
        return Passage(text, language, log_probability, tuple(phrases) if len(phrases) > 1 else ())

    def _heard(self, window: Window, *, in_its_language: bool) -> tuple[Window, Reading]:
        """Read a window; use another language than the requested one only if the text is probable."""
        own = window.in_its_language() if in_its_language else window
        heard = own.read()
        if own.asked == window.asked or is_probable(heard):
            return own, heard
        return window, window.read()

    def _from(self, at: int) -> Audio:
        """Return the audio of the window that begins at this frame."""
        if at not in self._audio:
            self._audio[at] = Audio(self._reader, self._features[:, at:])
        return self._audio[at]

    def _timed(self, at: int, window: Window, reading: Reading) -> list[Word]:
        """Return the phrases or words of a window with their times in the segment."""
        if not window.is_speech(reading) or reading.without_loops() != reading.text:
            return []
        last_s, at_s = self._frames / FRAMES_PER_SECOND, at / FRAMES_PER_SECOND
        if self._times_words:
            found = window.words(reading.text)
            frames = sounds_from(window.audio.sound, [frame for _, frame in found])
            begins = [(place, at_s + at / FRAMES_PER_SECOND) for (place, _), at in zip(found, frames, strict=True)]
            return list(timed_words(pieces_of(reading.text, begins), last_s, _LONGEST_PIECE_S))
        return [
            Word(said, *(round(1000 * min(at_s + s, last_s)) for s in times))
            for text, *times in reading.phrases
            if (said := text.strip(AROUND))
        ]


def _ended(phrases: list[Word], at: int) -> list[Word]:
    """Return the phrases that end before this frame, from which the rest is read."""
    ms = 1000 * at // FRAMES_PER_SECOND
    return [replace(phrase, end_ms=min(phrase.end_ms, max(ms, phrase.start_ms))) for phrase in phrases]
