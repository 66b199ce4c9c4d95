"""Form fields of a submitted file."""

import msgspec
import pytest

from protocol.recognition import Options
from protocol.rest import SubmittedFields


def test_submitted_fields_become_bulk_options() -> None:
    assert SubmittedFields().options == Options(priority="bulk")
    fields = SubmittedFields(language="zh", model="m", script="simplified", itn=False, hotwords=" one,, 二 ,")
    assert fields.options == Options(
        "zh", ("one", "二"), itn=False, model="m", priority="bulk", script="simplified"
    )
    assert SubmittedFields(languages="zh, en").options == Options(priority="bulk", languages=("zh", "en"))


@pytest.mark.parametrize("languages", ["zh;en", "Chinese", "zh,", ",".join(["en"] * 33), "EN"])
def test_submitted_languages_are_codes_separated_by_commas(languages: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="languages"):
        msgspec.convert({"languages": languages}, SubmittedFields)
    most = ",".join(["yue"] * 32)
    options = msgspec.convert({"languages": most}, SubmittedFields).options
    assert msgspec.convert(msgspec.to_builtins(options), Options) == options


@pytest.mark.parametrize("hotwords", ["x" * 65, "a," * 512 + "b", "a\nb"])
def test_submitted_hotwords_have_the_bounds_of_options(hotwords: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="hotwords"):
        msgspec.convert({"hotwords": hotwords}, SubmittedFields)
    most = ",".join(["x" * 15] * 512)
    options = msgspec.convert({"hotwords": most}, SubmittedFields).options
    assert msgspec.convert(msgspec.to_builtins(options), Options) == options
