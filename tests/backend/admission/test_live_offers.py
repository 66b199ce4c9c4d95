"""Choice of a model for live text."""

import pytest

from backend.admission.admission import AdmissionLimits, Survey, makes_partials, spare_slots
from backend.admission.live_offers import LiveOffer, live_model, live_offers
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

ZH_EN = LiveOffer("zh-en", frozenset({"zh", "en"}), room=True)
FULL = ZH_EN._replace(room=False)
ANY = LiveOffer("all", frozenset(), room=True)


def streamer(model: str, busy: int = 0, state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    """Return the status of a streaming worker with two places."""
    return WorkerStatus("w", "h", "e", model, "cpu", state, 2, busy, ("zh",), kinds=("stream",))


def test_models_are_offered_once_with_the_room_of_any_worker() -> None:
    workers = [streamer("b", 2), streamer("a", 2), streamer("b", 1), streamer("", 0)]
    workers += [streamer("c", 0, WorkerState.STARTING)]
    zh = frozenset({"zh"})
    assert live_offers(workers) == (
        LiveOffer("a", zh, False),
        LiveOffer("any", zh, True),
        LiveOffer("b", zh, True),
    )


@pytest.mark.parametrize(
    ("options", "language", "model"),
    [
        (Options(language="zh"), "", "zh-en"),
        (Options(language="de"), "", ""),
        (Options(language="de"), "en", "zh-en"),
        (Options(languages=("zh", "en")), "", "zh-en"),
        (Options(languages=("zh", "de")), "", ""),
        (Options(languages=("zh", "en")), "de", ""),
        (Options(), "", ""),
    ],
)
def test_live_model_knows_every_language_that_may_be_spoken(options: Options, language: str, model: str) -> None:
    assert live_model([ZH_EN], options, language, follows=False) == model
    assert live_model([ZH_EN, ANY], options, language, follows=False) == (model or "all")


def test_full_workers_take_only_sessions_that_they_follow() -> None:
    chinese = Options(language="zh")
    assert live_model([FULL], chinese, "", follows=False) == ""
    assert live_model([FULL], chinese, "", follows=True) == "zh-en"
    assert live_model([FULL, ANY], chinese, "", follows=False) == "all"


def test_streaming_workers_make_partials_but_no_finals() -> None:
    survey, chinese = Survey(streamers=(streamer("m"),)), Options(language="zh", partials=True)
    assert makes_partials(survey, chinese, AdmissionLimits())
    assert not makes_partials(survey, Options(language="de", partials=True), AdmissionLimits())
    assert not spare_slots(survey, chinese, AdmissionLimits()) and not survey.speeds
