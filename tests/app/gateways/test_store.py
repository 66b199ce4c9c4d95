"""The file of paired gateways: written completely or not at all, and private."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.store import (
    MOST_GATEWAYS,
    MOST_URLS,
    GatewaysNotKept,
    GatewayStore,
    PairedGateway,
    decode,
    encode,
    gateways_file,
    of_pairing,
    with_gateway,
)
from client.connection import Address
from client.pairing import NewPairing
from runtime.folders import folders

DESK = PairedGateway(("https://192.168.1.4:8765",), "a" * 64, "device-1", "secret-key", "desk")
OTHER = PairedGateway(("https://other:1",), "b" * 64, "device-2", "another-key")
texts = st.text(max_size=20)
paired = st.builds(
    PairedGateway,
    st.lists(texts, min_size=1, max_size=MOST_URLS).map(tuple),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    texts,
    texts,
    texts,
    texts,
)


@pytest.fixture
def store(tmp_path: Path) -> GatewayStore:
    return GatewayStore(tmp_path / "data" / "gateways.json")


@given(st.lists(paired, max_size=5).map(tuple))
def test_encoded_gateways_decode_to_the_same_gateways(gateways: tuple[PairedGateway, ...]) -> None:
    assert decode(encode(gateways)) == gateways


@given(st.binary(max_size=200))
def test_decode_raises_only_value_error(data: bytes) -> None:
    try:
        assert all(isinstance(one, PairedGateway) for one in decode(data))
    except ValueError:
        return


def test_gateways_file_is_readable_only_by_the_user(store: GatewayStore) -> None:
    assert store.read() == ((), None)
    store.write((DESK, OTHER))
    assert store.read() == ((DESK, OTHER), None)
    store.file.chmod(0o644)
    store.read()
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert [one.name for one in store.file.parent.iterdir()] == ["gateways.json"]
    assert gateways_file().parent == folders().data


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"gateways": [{"urls": []}]}', b"\xff" * 10])
def test_damaged_file_is_moved_aside(store: GatewayStore, content: bytes) -> None:
    store.file.parent.mkdir()
    store.file.write_bytes(content)
    gateways, aside = store.read()
    assert gateways == () and aside is not None and aside.read_bytes() == content
    store.write((DESK,))
    assert store.read() == ((DESK,), None)


def test_unreadable_file_is_not_overwritten(store: GatewayStore) -> None:
    store.file.mkdir(parents=True)
    with pytest.raises(GatewaysNotKept, match="cannot be read"):
        store.read()
    with pytest.raises(GatewaysNotKept, match="written over"):
        store.write((DESK,))


def test_write_fails_when_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewaysNotKept, match="cannot be written"):
        GatewayStore(tmp_path / "file" / "gateways.json").write((DESK,))


def test_gateway_is_called_by_name_or_url() -> None:
    assert (DESK.display_name, OTHER.display_name) == ("desk", "https://other:1")
    assert DESK.addresses == (Address(DESK.urls[0], "secret-key", "desk", "a" * 64),)
    assert "secret" not in repr(DESK)


def test_latest_address_comes_first() -> None:
    moved = DESK.at(["https://10.0.0.9:8765"])
    assert moved.urls == ("https://10.0.0.9:8765", "https://192.168.1.4:8765")
    assert moved.at(DESK.urls).urls == DESK.urls + ("https://10.0.0.9:8765",)
    assert len(DESK.at([f"https://h:{port}" for port in range(20)]).urls) == MOST_URLS


def test_gateway_keeps_its_local_name_when_paired_again() -> None:
    made = NewPairing(Address("https://10.0.0.9:8765", "new-key", "desk of Anna", "a" * 64), "device-9")
    assert of_pairing(made, ()) == PairedGateway(
        ("https://10.0.0.9:8765",), "a" * 64, "device-9", "new-key", "desk of Anna"
    )
    known = PairedGateway(DESK.urls, "a" * 64, "device-1", "secret-key", "desk", "upstairs")
    again = of_pairing(made, (OTHER, known))
    assert (again.display_name, again.key, again.urls) == (
        "upstairs",
        "new-key",
        ("https://10.0.0.9:8765", *DESK.urls),
    )
    assert with_gateway((OTHER, known), again) == (OTHER, again)


def test_number_of_gateways_is_limited() -> None:
    many = tuple(PairedGateway(("u",), f"{number:064x}"[::-1], "", "") for number in range(MOST_GATEWAYS))
    with pytest.raises(GatewaysNotKept, match="forget"):
        with_gateway(many, DESK)
    assert with_gateway(many[1:], DESK)[-1] is DESK
