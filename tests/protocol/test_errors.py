import pytest

from protocol.errors import CloseCode, ErrorCode, ProtocolError


def subclasses(kind: type[ProtocolError]) -> list[type[ProtocolError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in subclasses(child))]


@pytest.mark.parametrize("kind", subclasses(ProtocolError))
def test_error_classes_have_codes_that_servers_may_send(kind: type[ProtocolError]) -> None:
    assert kind.code in ErrorCode
    # RFC 6455 7.4.1: 1004, 1005, 1006 and 1015 must not be sent; 4000-4999 are private.
    assert kind.close in CloseCode and kind.close not in {1004, 1005, 1006, 1015}


def test_error_codes_are_unique() -> None:
    kinds = [kind for kind in subclasses(ProtocolError)[1:] if kind.__module__ == ProtocolError.__module__]
    assert len({kind.code for kind in kinds}) == len(kinds)
