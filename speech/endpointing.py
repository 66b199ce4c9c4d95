"""FunASR's endpoint rules: from speech flags per frame to the boundaries of speech.

A window over the last 20 frames turns to speech when at least 15 of them are speech, and to silence when at most
15 are. Speech begins two windows before its window turned. It ends when the window has been silent for the
endpoint silence minus the 150 ms that the turn took; the end lies a lookahead of 100 ms after the turn. Speech
is cut after a minute. After an end the window starts empty. The rules are those of FunASR's ``FsmnVADStreaming``
(multiple utterances, fixed endpoint silence); the boundaries are the same.

Frames are processed in runs: the cost of a chunk grows with the number of turns in it, not with its frames.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from speech.vad import SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent

_FRAME_MS: Final = 10
_NEVER: Final = 2**62


@dataclass(frozen=True)
class EndpointRules:
    """Durations of the endpoint rules, in frames of 10 ms."""

    endpoint_silence: int = 60
    window: int = 20
    turn: int = 15
    lookback: int = 20
    lookahead: int = 10
    longest: int = 6000

    def __post_init__(self) -> None:
        if self.endpoint_silence <= self.turn:
            shortest = (self.turn + 1) * _FRAME_MS
            raise ValueError(f"the endpoint silence must be at least {shortest} ms")
        if self.longest <= self.window + self.lookback:
            raise ValueError("the longest speech must be longer than what precedes its discovery")

    @property
    def silence_after_turn(self) -> int:
        """Silent frames after the turn of the window that end the speech."""
        return self.endpoint_silence - self.turn

    @property
    def extension(self) -> int:
        """Frames after the turn that still belong to the speech."""
        return min(self.silence_after_turn, self.lookahead + 1)


def rules_for(endpoint_silence_ms: int) -> EndpointRules:
    """Return FunASR's rules with this ``max_end_silence_time``. Raises ``ValueError`` below 160 ms."""
    return EndpointRules(endpoint_silence=endpoint_silence_ms // _FRAME_MS)


@dataclass(frozen=True)
class FrameClock:
    """Time of frame n: it begins at sample ``n * shift`` and is known ``latency`` samples later."""

    shift: int
    latency: int


class EndpointDetector:
    """State machine over frame flags, in runs of any length."""

    def __init__(self, rules: EndpointRules, clock: FrameClock) -> None:
        self._rules = rules
        self._clock = clock
        self._frames = 0
        self._earliest_start = 0
        self._start: int | None = None
        self._window = np.zeros(rules.window, np.bool_)
        self._in_speech = False
        self._paused = False
        self._silent_from = 0

    def accept(self, speech: NDArray[np.bool_]) -> list[VadEvent]:
        """Process frames; return the resulting events, oldest first."""
        events: list[VadEvent] = []
        first, self._frames = self._frames, self._frames + len(speech)
        while first < self._frames:
            run = speech[len(speech) - (self._frames - first) :]
            first = self._process(first, run, events)
        return events

    def finish(self, samples: int) -> list[VadEvent]:
        """End the stream after ``samples``; unfinished speech ends with its last frame."""
        if self._start is None:
            return []
        self._start = None
        return [SpeechEnded(self._frames * self._clock.shift, samples)]

    def _process(self, first: int, run: NDArray[np.bool_], events: list[VadEvent]) -> int:
        """Process the frames from ``first`` up to the first end of speech; return the frame after it."""
        counts = np.concatenate((self._window, run), dtype=np.int32).cumsum(dtype=np.int32)
        counts = counts[self._rules.window :] - counts[: -self._rules.window]
        last = first + len(run)
        frame = first
        while frame < last:
            turn = self._next_turn(counts, frame, first)
            deadline = self._next_deadline()
            frame = min(turn, deadline)
            if frame >= last:
                break
            if (
                deadline < turn or deadline == turn == self._longest_end()
            ):  # a cut takes precedence over a turn of the window
                if self._pause_or_end(deadline, deadline == turn, events):
                    return deadline + 1
            else:
                self._turn(turn, events)
            frame += 1
        self._window = np.concatenate((self._window, run))[-self._rules.window :]
        return last

    def _next_turn(self, counts: NDArray[np.int32], frame: int, first: int) -> int:
        ahead = counts[frame - first :]
        turns = ahead <= self._rules.turn if self._in_speech else ahead >= self._rules.turn
        at = int(turns.argmax())
        return frame + at if turns[at] else _NEVER

    def _turn(self, frame: int, events: list[VadEvent]) -> None:
        self._in_speech = not self._in_speech
        if not self._in_speech:
            self._silent_from = frame
        elif self._start is None:
            lookback = self._rules.window + self._rules.lookback
            self._start = max(self._earliest_start, frame - lookback)
            events.append(SpeechStarted(self._start * self._clock.shift, self._known_samples(frame)))
        elif self._paused:
            self._paused = False
            events.append(SpeechResumed(frame * self._clock.shift, self._known_samples(frame)))

    def _longest_end(self) -> int:
        return _NEVER if self._start is None else self._start + self._rules.longest

    def _next_deadline(self) -> int:
        """Return the frame of the next pause, endpoint or cut, if the window does not turn before."""
        if self._start is None or self._in_speech:
            return self._longest_end()
        wait = self._rules.silence_after_turn if self._paused else self._rules.extension
        return min(self._longest_end(), self._silent_from + wait)

    def _pause_or_end(self, frame: int, turns: bool, events: list[VadEvent]) -> bool:
        """Handle a pause, endpoint or cut; return whether the speech ended."""
        silent = 0 if self._in_speech or turns else frame - self._silent_from
        if silent == self._rules.silence_after_turn:
            end = self._silent_from + self._rules.extension
        elif frame == self._longest_end():
            end = frame
        else:
            self._paused = True
            events.append(SpeechPaused((frame + 1) * self._clock.shift, self._known_samples(frame)))
            return False
        self._earliest_start = end + 1
        self._start = None
        self._window = np.zeros_like(self._window)
        self._in_speech = self._paused = False
        events.append(SpeechEnded(self._earliest_start * self._clock.shift, self._known_samples(frame)))
        return True

    def _known_samples(self, frame: int) -> int:
        return frame * self._clock.shift + self._clock.latency
