"""Settings of a gateway."""

from backend.admission.admission import AdmissionLimits
from backend.history.records import SessionOwner
from backend.history.settings import HistorySettings
from backend.settings import GatewaySettings


def test_default_gateway_is_local() -> None:
    assert GatewaySettings().host == "127.0.0.1"
    assert GatewaySettings().origins == frozenset()


def test_history_field_is_empty_without_history() -> None:
    kept = HistorySettings("sqlite:////x")
    assert GatewaySettings().history_field(SessionOwner("o")) == ""
    assert GatewaySettings(history=kept).history_field(SessionOwner("o")) == '10000 {"owner":"o"}'
    assert (
        GatewaySettings(history=kept, redis="redis://h").history_field(SessionOwner("o")) == '100000 {"owner":"o"}'
    )


def test_each_process_has_its_part_of_the_memory_for_audio() -> None:
    settings = GatewaySettings(processes=4, admission=AdmissionLimits(sessions=100, unqueued_bytes=400))
    one = settings.of_one_process()
    assert (one.admission.unqueued_bytes, one.admission.sessions) == (100, 100)
    assert GatewaySettings().of_one_process() == GatewaySettings()
