from app.core.errors import ModelsMissing
from app.core.problem_notes import note_of
from app.messages.kinds import problem
from app.settings.errors import BadSetting


def test_problem_names_its_topic_and_setting() -> None:
    missing = ModelsMissing(["m"])
    result = problem("gateway", missing)
    assert (result.about, result.text, result.note, result.setting) == (
        "gateway",
        str(missing),
        note_of(missing),
        "",
    )
    assert problem("settings", BadSetting("gateway.port", "no")).setting == "gateway.port"
