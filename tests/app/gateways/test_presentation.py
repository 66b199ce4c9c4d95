"""Contents of the lists of gateways."""

from app.gateways.presentation import elsewhere, gateway_views, unpaired_views
from app.gateways.store import PairedGateway
from app.gateways.view import FoundView, GatewayHealth, GatewayView, QueryResult
from app.settings.sections import GatewaySection
from client.discovery import GatewayFound

DESK = PairedGateway(("https://192.168.1.4:8765", "https://old:1"), "a" * 64, "d", "k", "desk")
WELL = QueryResult(GatewayHealth.WELL, 2.0)


def found(name: str, certificate: str, *urls: str) -> GatewayFound:
    return GatewayFound(f"{name}._kikipounamu._tcp.local.", name, urls, certificate, "1")


def test_list_has_paired_gateways_and_the_one_in_the_settings() -> None:
    views = tuple(gateway_views((DESK,), GatewaySection("http://gpu:1", DESK.id), {DESK.id: WELL, "": WELL}))
    assert views == (
        GatewayView(DESK.id, "desk", "192.168.1.4:8765", True, WELL),
        GatewayView("", "http://gpu:1", "gpu:1", False, QueryResult()),
    )
    (desk, other) = gateway_views((DESK,), GatewaySection("http://gpu:1"), {"": WELL})
    assert (desk.chosen, other.chosen, other.answer) == (False, True, WELL)
    assert tuple(gateway_views((), GatewaySection(), {})) == ()


def test_unpaired_excludes_paired_gateways_and_this_computer() -> None:
    seen = [
        found("zebra", "c" * 64, "https://10.0.0.3:8765"),
        found("desk", DESK.certificate_sha256, "https://10.0.0.1:8765"),
        found("Anna", "b" * 64, "https://10.0.0.2:8765"),
        found("me", "d" * 64, "https://127.0.0.1:1", "https://10.0.0.9:8765"),
        found("I as well, before", "e" * 64, "https://10.0.0.8:8765"),
    ]
    assert tuple(unpaired_views(seen, (DESK,), ("10.0.0.9", "127.0.0.1"), "e" * 64)) == (
        FoundView("Anna", ("https://10.0.0.2:8765",), "b" * 64),
        FoundView("zebra", ("https://10.0.0.3:8765",), "c" * 64),
    )


BRIDGES = ("https://172.17.0.1:8765", "https://192.168.122.1:8765")
HERE = ("127.0.0.1", "172.17.0.1", "192.168.1.9", "192.168.122.1")


def test_stranger_is_listed_without_addresses_of_shared_bridges() -> None:
    near, far = "https://192.168.1.4:8765", "https://172.18.0.1:8765"
    (tower,) = unpaired_views([found("tower", "b" * 64, far, *BRIDGES, near)], (), HERE)
    assert tower == FoundView("tower", (near, far), "b" * 64)
    assert elsewhere(BRIDGES, HERE) == ()
    newer = "https://[fd00::4]:1", "https://[fd00:1::4]:1"
    assert elsewhere(newer, ("fd00:1::7",)) == newer[::-1]
    assert elsewhere(("https://[fd00::4]:1", near), ()) == ("https://[fd00::4]:1", near)
