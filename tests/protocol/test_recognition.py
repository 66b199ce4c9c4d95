import msgspec
import pytest

from protocol.recognition import Options


def test_priority_is_called_class_on_the_wire() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Options(priority="bulk")))["class"] == "bulk"


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "../../etc/passwd"}',
        b'{"class": "urgent"}',
        b'{"language": "' + b"x" * 17 + b'"}',
        b'{"itn": 1}',
    ],
)
def test_option_out_of_bounds_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Options)
