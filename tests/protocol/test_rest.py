"""Fields of the form by which a file is submitted."""

import msgspec
import pytest

from protocol.recognition import Options
from protocol.rest import SubmittedFields


def test_fields_are_options_of_the_class_that_waits() -> None:
    assert SubmittedFields().options == Options(priority="bulk")
    fields = SubmittedFields(language="zh", model="m", script="simplified", itn=False, hotwords=" one,, 二 ,")
    assert fields.options == Options(
        "zh", ("one", "二"), itn=False, model="m", priority="bulk", script="simplified"
    )


@pytest.mark.parametrize("hotwords", ["x" * 65, "a," * 512 + "b", "a\nb"])
def test_hotwords_have_the_bounds_that_options_have(hotwords: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="hotwords"):
        msgspec.convert({"hotwords": hotwords}, SubmittedFields)
    most = ",".join(["x" * 15] * 512)
    options = msgspec.convert({"hotwords": most}, SubmittedFields).options
    assert msgspec.convert(msgspec.to_builtins(options), Options) == options
