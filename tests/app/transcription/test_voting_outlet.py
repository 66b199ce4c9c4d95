"""Segments in the language of their recording."""

from collections.abc import AsyncIterator

import numpy as np

from app.core.outlet import Outlet
from app.transcription.voting_outlet import (
    PER_PART,
    PER_RECORDING,
    LanguageVote,
    PatientOutlet,
    VotingOutlet,
    voting,
)
from client.events import ClientEvent, Connected
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import PLAIN, Final, SegmentDetails


class Recogniser:
    """Fake outlet that recognises each segment as Chinese, unless its language is given."""

    def __init__(self, *texts: str) -> None:
        self.begun: list[str] = []
        self.calls: list[object] = []
        self._texts = texts

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        self.begun.append(details.language)
        self.details = details

    async def audio(self, segment: int, samples: object) -> None:
        self.calls.append(("audio", segment))

    async def speculate(self, segment: int) -> None:
        self.calls.append(("speculate", segment))

    async def end(self, segment: int, samples: int) -> None:
        self.calls.append(("end", segment, samples))

    async def finish(self) -> None:
        self.calls.append("finish")

    async def close(self) -> None:
        self.calls.append("close")

    async def events(self) -> AsyncIterator[ClientEvent]:
        yield Connected("here", durable=True)
        for number, text in enumerate(self._texts):
            yield Final(number, text, language=self.begun[number] or "zh")


async def said(outlet: Outlet, segment: int, details: SegmentDetails = PLAIN) -> None:
    await outlet.begin(segment, 3 * segment * SAMPLE_RATE, details)
    await outlet.end(segment, 3 * SAMPLE_RATE)


async def results(outlet: Outlet) -> list[ClientEvent]:
    return [event async for event in outlet.events()]


async def test_segments_get_the_language_of_earlier_results() -> None:
    recogniser = Recogniser("一", "二")
    outlet = VotingOutlet(recogniser, LanguageVote(("zh", "en")))
    await said(outlet, 0)
    await said(outlet, 1)
    assert len(await results(outlet)) == 3
    await said(outlet, 2)
    await said(outlet, 3, SegmentDetails(language="en"))
    assert recogniser.begun == ["", "", "zh", "en"], "a given language stays"


async def test_result_in_a_given_language_does_not_vote() -> None:
    recogniser = Recogniser("one")
    outlet = VotingOutlet(recogniser, LanguageVote(()))
    await said(outlet, 0, SegmentDetails(language="en"))
    await results(outlet)
    await said(outlet, 1)
    assert recogniser.begun == ["en", ""]


async def test_result_without_text_does_not_vote() -> None:
    recogniser = Recogniser("")
    outlet = VotingOutlet(recogniser, LanguageVote(()))
    await said(outlet, 0)
    await results(outlet)
    await said(outlet, 1)
    assert recogniser.begun == ["", ""]


async def test_other_calls_are_passed_on_and_other_details_stay() -> None:
    recogniser = Recogniser()
    outlet = VotingOutlet(recogniser, LanguageVote(()))
    await outlet.begin(0, 0, SegmentDetails(gain_db=12))
    assert recogniser.details == SegmentDetails(gain_db=12)
    await outlet.audio(0, np.zeros(1, np.int16))
    await outlet.speculate(0)
    await outlet.end(0, 1)
    await outlet.finish()
    await outlet.close()
    assert recogniser.calls == [("audio", 0), ("speculate", 0), ("end", 0, 1), "finish", "close"]


async def test_long_segment_of_a_file_reports_its_language_and_a_short_one_has_the_voted() -> None:
    recogniser = Recogniser("一")
    outlet = voting(recogniser, Options(languages=("zh", "en")), PER_PART)
    assert isinstance(outlet, PatientOutlet)
    for segment, seconds in enumerate((20, 10, 9)):
        await outlet.begin(segment, 30 * segment * SAMPLE_RATE)
        for _ in range(seconds):
            await outlet.audio(segment, np.zeros(SAMPLE_RATE, np.int16))
        await outlet.end(segment, seconds * SAMPLE_RATE)
        if not segment:
            await results(outlet)
    assert recogniser.begun == ["", "", "zh"]
    sounds = [call for call in recogniser.calls if call == ("audio", 1)]
    assert len(sounds) == 10 and recogniser.calls[-1] == ("end", 2, 9 * SAMPLE_RATE)


def test_recording_in_a_chosen_language_has_no_vote() -> None:
    recogniser = Recogniser()
    assert voting(recogniser, Options("zh"), PER_RECORDING) is recogniser
    assert isinstance(voting(recogniser, Options(), PER_RECORDING), VotingOutlet)
