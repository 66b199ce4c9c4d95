import msgspec
import pytest

from protocol.recognition import Options


def test_the_class_of_a_job_has_its_name_of_the_protocol_on_the_wire() -> None:
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
def test_an_option_out_of_its_bounds_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Options)
