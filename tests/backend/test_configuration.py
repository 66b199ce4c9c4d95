"""Settings of a gateway from all their sources."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from backend.admission.bulk_throttle import QueueLimits
from backend.admission.quotas import Quota
from backend.configuration import (
    Configuration,
    checked_values,
    merged,
    read_configuration,
    read_environment,
    settings_of,
    unknown_variables,
)
from backend.core.errors import InvalidSettings
from backend.history.records import HistoryLimits
from backend.history.settings import HistorySettings
from backend.http.certificates import own_certificate
from backend.http.modes import GatewayMode
from backend.processes.count import by_cores
from backend.settings import GatewaySettings
from runtime.folders import Folders


@pytest.fixture
def folders_here(tmp_path: Path) -> Folders:
    return Folders(*(tmp_path / name for name in ("config", "data", "cache", "logs", "run")))


def test_default_is_local_gateway_for_this_user(folders_here: Folders) -> None:
    settings = settings_of(Configuration(), folders_here, "k")
    assert (settings.mode, settings.host, settings.port, settings.key) == (GatewayMode.LOCAL, "127.0.0.1", 0, "k")
    assert settings.certificate is None and not settings.announce and settings.quota == Quota()
    assert settings.name and settings.endpoint_file == folders_here.runtime / "gateway.json"
    assert not folders_here.data.exists()


def test_cap_on_connections_can_be_set(folders_here: Folders) -> None:
    assert settings_of(Configuration(most_connections=500), folders_here, "k").admission.sessions == 500
    assert settings_of(Configuration(), folders_here, "k").admission == GatewaySettings().admission


def test_limit_of_unqueued_audio_can_be_set(folders_here: Folders) -> None:
    assert settings_of(Configuration(unqueued_mb=64), folders_here, "k").admission.unqueued_bytes == 64_000_000


def test_queue_limits_can_be_set(folders_here: Folders) -> None:
    configuration = Configuration(queued_s_per_key=90, queued_s_per_session=0, model_kept_s=60)
    assert settings_of(configuration, folders_here, "k").queue == QueueLimits(90, 0, 60)
    assert settings_of(Configuration(), folders_here, "k").queue == GatewaySettings().queue == QueueLimits()


def test_shared_mode_has_certificate_and_announcement(folders_here: Folders) -> None:
    settings = settings_of(Configuration(mode=GatewayMode.SHARED, name=" The\ndesk "), folders_here, "k")
    assert (settings.host, settings.port, settings.name, settings.announce) == ("*", 8765, "The desk", True)
    assert settings.certificate == own_certificate(folders_here.data)
    assert settings.quota.per_minute and settings.quota.streams


def test_server_mode_uses_given_certificate_or_none(folders_here: Folders, tmp_path: Path) -> None:
    behind_a_proxy = settings_of(Configuration(mode=GatewayMode.SERVER), folders_here, "k")
    assert (behind_a_proxy.certificate, behind_a_proxy.host) == (None, "127.0.0.1")
    given = own_certificate(tmp_path / "given")
    configuration = Configuration(
        mode=GatewayMode.SERVER, certificate=str(given.certificate), requests_per_minute=0
    )
    settings = settings_of(configuration, folders_here, "k")
    assert settings.certificate == given
    assert (settings.host, settings.announce, settings.quota.per_minute) == ("0.0.0.0", False, 0)
    assert settings_of(replace(configuration, host="10.0.0.7"), folders_here, "k").host == "10.0.0.7"
    assert settings_of(replace(configuration, mode=GatewayMode.LOCAL), folders_here, "k").host == "127.0.0.1"


@pytest.mark.parametrize(
    "configuration",
    [
        Configuration(trusted_proxies=("10.0.0.1",)),
        Configuration(mode=GatewayMode.SHARED, trusted_proxies=("10.0.0.1",)),
        Configuration(mode=GatewayMode.SHARED, private_key="key.pem"),
        Configuration(mode=GatewayMode.SERVER, trusted_proxies=("proxy",)),
    ],
)
def test_contradicting_settings_are_refused(folders_here: Folders, configuration: Configuration) -> None:
    with pytest.raises(InvalidSettings):
        settings_of(configuration, folders_here, "k")


def test_command_line_overrides_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('mode = "server"\nport = 1\norigins = ["https://a"]\ntrusted_proxies = ["10.0.0.1"]\n')
    configuration = merged((Configuration(port=0, name="n"), read_configuration(file)))
    assert configuration == Configuration(
        mode=GatewayMode.SERVER, port=0, name="n", origins=("https://a",), trusted_proxies=("10.0.0.1",)
    )


@pytest.mark.parametrize(
    "text",
    [
        "mode = 'public'",
        "prot = 1",
        "port = 70000",
        "port = '1'",
        "[",
        "streams_per_key = -1",
        "most_connections = 0",
        "unqueued_mb = 3",
        "queued_s_per_key = -1",
        "queued_s_per_session = 1.5",
        "model_kept_s = 'long'",
        "history_days = 1000000000000",
        "history_mb = 10000000000",
    ],
)
def test_invalid_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    with pytest.raises(InvalidSettings, match=r"gateway\.toml"):
        read_configuration(file)


def test_environment_supports_every_field_of_file() -> None:
    values: dict[str, Any] = {one.name: 8 for one in fields(Configuration)}
    values |= dict.fromkeys(
        ("name", "host", "redis", "certificate", "private_key", "history", "wyoming"), "as it stands"
    )
    values |= {"mode": GatewayMode.SERVER, "origins": ("https://a", "https://b"), "trusted_proxies": ("10.0.0.7",)}
    values |= {"announce": True, "history_jsonl": False, "earlier_protocol": True}
    texts = {name: " ".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
    variables = {f"KIKIPOUNAMU_GATEWAY_{name.upper()}": text for name, text in texts.items()}
    assert read_environment(variables) == Configuration(**values)


def test_empty_and_unrelated_variables_are_ignored() -> None:
    stranger = {"KIKIPOUNAMU_GATEWAY": "the desk", "KIKIPOUNAMU_GATEWAY_CONFIG": "f", "PORT": "1"}
    empty = {"KIKIPOUNAMU_GATEWAY_PORT": "", "KIKIPOUNAMU_GATEWAY_ORIGINS": " "}
    assert read_environment(stranger | empty) == Configuration()
    assert unknown_variables(stranger | empty) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MODE", "public"),
        ("PORT", "70000"),
        ("ANNOUNCE", "perhaps"),
        ("MOST_CONNECTIONS", "0"),
        ("UNQUEUED_MB", "3"),
        ("HISTORY_DAYS", "ninety"),
        ("FILES_AT_ONCE", "0"),
    ],
)
def test_invalid_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^KIKIPOUNAMU_GATEWAY_{name} is invalid"):
        read_environment({f"KIKIPOUNAMU_GATEWAY_{name}": text})


_REMEDY = r": correct it, or leave it out for the default$"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("port = 70000", r"port = 70000 is not a whole number from 0 to 65535" + _REMEDY),
        ("port = true", r"port = True is not a whole number from 0 to 65535" + _REMEDY),
        ("most_connections = 0", r"most_connections = 0 is not a whole number of at least 1" + _REMEDY),
        ("mode = 'public'", r"mode = 'public' is not one of local, server, shared" + _REMEDY),
        ("announce = 'no'", r"announce = 'no' is not true or false" + _REMEDY),
        ("name = 1", r"name = 1 is not a text" + _REMEDY),
        ("origins = 'https://a'", r"origins = 'https://a' is not a list of texts" + _REMEDY),
        ("origins = [1]", r"origins = \[1\] is not a list of texts" + _REMEDY),
        (f"name = [{'1, ' * 90}]", r"name = \[1, .{40,55}\.\.\. is not a text" + _REMEDY),
        ("redis = ['redis://me:secret@h']", r"redis = \['redis://…@h'\] is not a text" + _REMEDY),
        ("prot = 1", r"there is no setting 'prot': remove it, or choose one of mode, name, host, port, "),
        ("a = " + "[" * 5000, r"it is nested too deep"),
        ("#" * 1_100_000, r"it is larger than 1 MiB"),
        ("port = " + "9" * 5000, r"Exceeds the limit"),
    ],
)
def test_invalid_file_is_reported_with_value_limit_and_remedy(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=rf"gateway\.toml is invalid: {problem}"):
        read_configuration(tmp_path / "gateway.toml")


def test_invalid_variable_is_reported_with_value_limit_and_remedy() -> None:
    problem = "^KIKIPOUNAMU_GATEWAY_PORT is invalid: '-1' is not a whole number from 0 to 65535" + _REMEDY
    with pytest.raises(InvalidSettings, match=problem):
        read_environment({"KIKIPOUNAMU_GATEWAY_PORT": "-1"})


def test_every_setting_describes_its_valid_values() -> None:
    for one in fields(Configuration):
        with pytest.raises(InvalidSettings, match=rf"{one.name} = \{{\}} is not (a |one of |true or )"):
            checked_values({one.name: {}})


def test_file_that_is_no_text_is_named_without_words_of_libraries(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"\xff")
    with pytest.raises(InvalidSettings, match=r"gateway\.toml is not written in UTF-8: save it as that$"):
        read_configuration(tmp_path / "gateway.toml")


def test_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("port = 9000\r\nname = 'desk'\r\n", encoding="utf-8-sig")
    assert read_configuration(tmp_path / "gateway.toml") == Configuration(port=9000, name="desk")


def test_named_file_must_exist(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "no.toml") == Configuration()
    with pytest.raises(InvalidSettings, match="does not exist"):
        read_configuration(tmp_path / "no.toml", must_exist=True)


def test_file_that_is_refused_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = r"file/x.toml cannot be used \(Not a directory\): move away the file"
    with pytest.raises(InvalidSettings, match=message):
        read_configuration(tmp_path / "file" / "x.toml")


def test_every_field_of_file_has_an_effect(folders_here: Folders, tmp_path: Path) -> None:
    given = own_certificate(tmp_path / "given")
    configuration = Configuration(
        mode=GatewayMode.SERVER,
        name="n",
        host="0.0.0.0",
        port=1,
        redis="redis://h",
        certificate=str(given.certificate),
        private_key=str(given.private_key),
        origins=("https://a",),
        trusted_proxies=("10.0.0.0/8",),
        announce=True,
        requests_per_minute=7,
        streams_per_key=8,
        history="postgresql://h/db",
        history_days=9,
        history_mb=10,
        history_jsonl=True,
    )
    settings, plain = settings_of(configuration, folders_here, "k"), GatewaySettings()
    for name in ("mode", "name", "host", "port", "redis", "certificate", "origins", "proxies"):
        assert getattr(settings, name) != getattr(plain, name), name
    assert settings.announce and settings.quota == Quota(per_minute=7, streams=8)
    journal = folders_here.data / "asr_history.jsonl"
    assert settings.history == HistorySettings("postgresql://h/db", HistoryLimits(9, 10), journal)


def test_file_settings_have_folder_and_limits(folders_here: Folders) -> None:
    files = settings_of(Configuration(), folders_here, "k").files
    assert files.folder == folders_here.data / "submitted"
    assert files.vad_folder == folders_here.models / "fsmn-vad"
    assert (files.most_bytes, files.flow.files) == (2 * 1024**3, 2)
    files = settings_of(Configuration(file_mb=5, files_at_once=1), folders_here, "k").files
    assert (files.most_bytes, files.flow.files) == (5_000_000, 1)


def test_number_of_processes_can_be_set_and_follows_from_the_cores_of_a_server(folders_here: Folders) -> None:
    assert settings_of(Configuration(), folders_here, "k").processes == 1
    assert settings_of(Configuration(mode=GatewayMode.SHARED), folders_here, "k").processes == 1
    assert settings_of(Configuration(mode=GatewayMode.SERVER), folders_here, "k").processes == by_cores()
    settings = settings_of(Configuration(processes=3), folders_here, "k")
    assert (settings.processes, settings.admission.sessions) == (3, 3 * GatewaySettings().admission.sessions)
    assert read_environment({"KIKIPOUNAMU_GATEWAY_PROCESSES": "4"}).processes == 4
