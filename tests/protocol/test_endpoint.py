import pytest

from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage


def test_endpoint_round_trips() -> None:
    endpoint = Endpoint(url="http://127.0.0.1:4711", key="k", pid=12, certificate_sha256="ab" * 32)
    assert decode_endpoint(encode_endpoint(endpoint)) == endpoint
    assert decode_endpoint(b'{"url": "u", "key": "k", "pid": 1}') == Endpoint("u", "k", 1), (
        "an earlier version wrote no certificate"
    )


@pytest.mark.parametrize("data", [b"", b"{", b'{"url": 1, "key": "k", "pid": 2}', b"\xff\xfe", b'{"url": "\xff"}'])
def test_damaged_endpoint_file_raises_error(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="damaged"):
        decode_endpoint(data)
