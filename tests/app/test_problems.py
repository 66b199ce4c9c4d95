from app.errors import ModelsMissing
from app.problem_notes import note_of
from app.problems import problem
from app.settings.errors import BadSetting


def test_an_error_says_what_it_is_about_and_which_setting_it_means() -> None:
    missing = ModelsMissing(["m"])
    told = problem("gateway", missing)
    assert (told.about, told.text, told.note, told.setting) == ("gateway", str(missing), note_of(missing), "")
    assert problem("settings", BadSetting("gateway.port", "no")).setting == "gateway.port"
