"""Default model: a hub is asked for the Chinese model only, and only for a moment."""

from pathlib import Path

import pytest

from app.models.engines import choose_default, default_line
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import FOR_CHINESE, WITHOUT_HUB, ChoiceReason, Recommendation
from tests.helpers.ports import free_port
from tests.speech.models.server import Served, file_server

CATALOGUE = load_catalogue()
AT = "/models/iic/SenseVoiceSmall-onnx/resolve/master/"


def chosen(languages: list[str], folder: Path, hub: str) -> Recommendation:
    environment = {"MODELSCOPE_ENDPOINT": hub, "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    return choose_default(languages, CATALOGUE, folder, environment)


def test_model_for_chinese_is_chosen_where_a_hub_answers(tmp_path: Path) -> None:
    with file_server() as server:
        for file in CATALOGUE.model(FOR_CHINESE).files:
            server.files[AT + file.path] = Served(b"x" * 10)
        found = chosen(["zh", "en"], tmp_path, server.url)
        asked = list(server.asked)
    assert (found.model, found.reason) == (FOR_CHINESE, ChoiceReason.CHINESE), asked


def test_model_of_the_package_index_is_chosen_without_a_hub(tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    assert chosen(["zh"], tmp_path, dead) == (WITHOUT_HUB, ChoiceReason.NO_HUB, None)
    assert chosen(["en"], tmp_path, dead) == (WITHOUT_HUB, ChoiceReason.NO_CHINESE, None)


def test_installed_model_stays_in_use(models: Path) -> None:
    assert chosen(["zh"], models, "http://127.0.0.1:9") == (WITHOUT_HUB, ChoiceReason.INSTALLED, None)


@pytest.mark.parametrize(
    ("languages", "model"), [(["en"], FOR_CHINESE), (["zh"], FOR_CHINESE), (["de"], "parakeet-tdt-0.6b-v3-int8")]
)
def test_model_that_can_run_is_chosen_where_whisper_cannot(
    tmp_path: Path, languages: list[str], model: str
) -> None:
    found = choose_default(languages, CATALOGUE, tmp_path, {}, lambda engine: engine not in {"whisper", "funasr"})
    assert found == (model, ChoiceReason.NO_WHISPER, None)


def test_whisper_is_named_where_no_engine_can_run(tmp_path: Path) -> None:
    assert choose_default(["en"], CATALOGUE, tmp_path, {}, lambda engine: False).model == WITHOUT_HUB


@pytest.mark.parametrize(
    "reason",
    [
        ChoiceReason.CHINESE,
        ChoiceReason.NO_HUB,
        ChoiceReason.NO_CHINESE,
        ChoiceReason.INSTALLED,
        ChoiceReason.NO_WHISPER,
    ],
)
def test_choice_is_reported_with_its_reason_in_one_line(reason: ChoiceReason) -> None:
    line = default_line(Recommendation("some-model", reason))
    assert line.startswith("recognising with some-model: ") and "--model" in line and "\n" not in line
