"""Notice a device that delivers only digital silence. Pure: no clock.

A microphone that is heard always has noise. One that is muted, or whose program suppresses all noise, delivers
zeros. Such a program pauses between words, so silence after sound is reported later than silence from the start.
"""

from typing import Final

from protocol.audio import SAMPLE_RATE

_FIRST: Final = 2 * SAMPLE_RATE
_LATER: Final = 10 * SAMPLE_RATE


class MuteWatch:
    """The search for digital silence in one recording. ``muted``: the latest samples were zeros for too long."""

    def __init__(self) -> None:
        self.muted = False

    def changed_by(self, zeros: int, *, heard: bool) -> bool:
        """Return whether ``muted`` changes.

        ``zeros``: consecutive samples of silence until now. ``heard``: the recording has sound before them.
        """
        before, self.muted = self.muted, zeros >= (_LATER if heard else _FIRST)
        return self.muted != before
