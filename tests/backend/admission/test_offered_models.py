"""Models that workers offer, and models without a worker for ten minutes."""

import pytest
from msgspec.structs import replace

from backend.admission.offered_models import Offers, model_views
from protocol.monitor import WorkerState, WorkerStatus
from protocol.rest import ModelView

TEN_MINUTES = 600.0


@pytest.mark.parametrize(
    ("ages", "up_s", "model", "accepted"),
    [
        ({"m": 0.0}, 9e9, "m", True),
        ({"m": 599.0}, 9e9, "m", True),
        ({"m": 601.0}, 9e9, "m", False),
        ({"m": 0.0}, 0.0, "n", False),
        ({"m": 0.0}, 9e9, "", True),
        ({}, 9e9, "", True),
        ({}, 599.0, "m", True),
        ({}, 601.0, "m", False),
        ({"m": 601.0}, 1.0, "m", True),
    ],
)
def test_model_is_accepted_while_its_worker_may_return(
    ages: dict[str, float], up_s: float, model: str, accepted: bool
) -> None:
    assert (Offers(ages, up_s).refuse(model, TEN_MINUTES) is None) == accepted


def test_refusal_names_the_models_on_offer() -> None:
    message = Offers({"zh": 1.0, "en": 2.0, "old": 9_999.0}).refuse("x", TEN_MINUTES)
    assert message is not None and message.endswith("On offer: en, zh")
    assert message.startswith("no worker offers the model x: "), "no worker may ever have offered it"
    nameless = Offers({"": 0.0, "en": 2.0}).refuse("x", TEN_MINUTES)
    assert nameless is not None and nameless.endswith("On offer: en")
    assert "start a worker" in (Offers({}, 9e9).refuse("x", TEN_MINUTES) or "")


def test_refusal_stays_short_with_many_models() -> None:
    message = Offers({f"model-{n:03}": 0.0 for n in range(500)}).refuse("x", TEN_MINUTES)
    assert message is not None and len(message) < 1_000


def test_model_of_new_worker_is_accepted() -> None:
    offers = Offers({"m": 30.0, "n": 700.0}, 9e9).with_models({"n", "new"})
    assert offers.names(TEN_MINUTES) == ("m", "n", "new")


def test_no_model_is_refused_without_a_limit() -> None:
    assert Offers({"m": 0.0}, 9e9).refuse("x", 0.0) is None


def test_models_of_several_workers_are_merged() -> None:
    status = WorkerStatus("w", "h", "e", "a", "cpu", WorkerState.IDLE)
    workers = (
        replace(status, model="b", languages=("zh",)),
        replace(status, languages=("en",), needs_context=True, translates=True),
        replace(status, languages=("de", "en")),
    )
    views = ModelView("a", ("de", "en"), True, True), ModelView("b", ("zh",), False, False)
    assert model_views(workers) == views
