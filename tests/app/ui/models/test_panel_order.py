"""Order and filter of the list of models."""

from dataclasses import replace

from app.models.disk import about
from app.models.view import LocalModelView, ModelState, ModelsView
from app.ui.models.panel import GROUPS, groups, is_recommended, languages_of
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason, Recommendation

BASE, SENSE, TURBO = "whisper-base", "sensevoice-small-int8", "whisper-large-v3-turbo"
ALL = {model.name: LocalModelView(about(model)) for model in load_catalogue().models}


def view(**changes: LocalModelView) -> ModelsView:
    models = {name: changes.get(name.replace("-", "_"), model) for name, model in ALL.items()}
    return ModelsView(tuple(models.values()), recommended=Recommendation(SENSE, ChoiceReason.ACCURATE))


def names(shown: ModelsView, group: str, language: str = "") -> list[str]:
    return [model.name for model in groups(shown, language).get(group, [])]


def test_installed_models_come_first_and_the_one_in_use_before_the_others() -> None:
    small = replace(ALL["whisper-small"], state=ModelState.INSTALLED, chosen=True)
    base = replace(ALL[BASE], state=ModelState.INSTALLED)
    shown = view(whisper_small=small, whisper_base=base)
    assert list(groups(shown)) == list(GROUPS)
    assert names(shown, "here") == ["whisper-small", BASE]
    assert names(shown, "recommended") == [SENSE]
    assert names(shown, "parts") == ["fsmn-vad", "ct-punc-c", "x-asr-zh-en-160ms"]


def test_recommended_model_that_is_installed_stands_with_the_installed_ones() -> None:
    sense = replace(ALL[SENSE], state=ModelState.INSTALLED)
    shown = view(sensevoice_small_int8=sense)
    assert "recommended" not in groups(shown) and names(shown, "here") == [SENSE]
    assert is_recommended(shown, sense) and not is_recommended(ModelsView(), sense)


def test_models_that_cannot_run_come_last() -> None:
    shown = view(whisper_small=replace(ALL["whisper-small"], lacks="whisper"))
    more = names(shown, "more")
    later = [model.name for model in load_catalogue().models if model.for_later_engine]
    assert more[-len(later) :] == later
    assert more.index("whisper-small") > more.index(TURBO)


def test_filter_keeps_models_of_a_language_and_the_one_in_use() -> None:
    used = replace(ALL["paraformer-zh"], chosen=True, state=ModelState.INSTALLED)
    shown = view(paraformer_zh=used)
    assert names(shown, "here", "de") == ["paraformer-zh"]
    assert "parakeet-tdt-0.6b-v3-int8" in names(shown, "more", "de")
    assert SENSE not in names(shown, "recommended", "de")
    assert {"zh", "yue", "haw"} < set(languages_of(shown))
