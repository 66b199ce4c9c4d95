"""Configuration of a gateway from the command line, the environment and ``gateway.toml``, in this order.

The earlier source wins; values that no source sets follow from the mode.
"""

import re
import socket
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, inspect

from backend.admission.admission import AdmissionLimits
from backend.admission.bulk_throttle import QueueLimits
from backend.admission.quotas import Quota
from backend.core.errors import InvalidSettings
from backend.devices.records import DEVICES_FILE
from backend.history.records import HistoryLimits
from backend.history.settings import HistorySettings, history_settings
from backend.http.certificates import Certificate, given_certificate, own_certificate
from backend.http.modes import EVERYWHERE, LOOPBACK, SHARED_PORT, GatewayMode, networks, page_origins
from backend.processes.count import MOST, by_cores, checked_count
from backend.rest.file_settings import FOLDER, FileSettings
from backend.rest.flow import FlowLimits
from backend.settings import GatewaySettings
from protocol.devices import clean_name
from protocol.endpoint import ENDPOINT_FILE
from protocol.job import MOST_SHARDS
from runtime.folders import Folders, refusal
from runtime.terminal import reason
from runtime.whole_file import open_regular

CONFIGURATION_FILE: Final = "gateway.toml"
VARIABLE: Final = "KIKIPOUNAMU_GATEWAY_"
VAD_MODEL: Final = "fsmn-vad"
_IPV4: Final = "0.0.0.0"
_STREAMS: Final = 100
_PER_MINUTE: Final = 600
_LIST: Final = tuple[str, ...] | None
_MOST_SHOWN: Final = 60
_Number = TypeVar("_Number", int, float)

Count = Annotated[int, Meta(ge=0)]


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of one source; ``None``: not set.

    The fields are those of the file, where an unknown name is an error.
    """

    mode: GatewayMode | None = None
    name: str | None = None
    host: str | None = None
    port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    redis: str | None = None
    shards: Annotated[int, Meta(ge=1, le=MOST_SHARDS)] | None = None
    certificate: str | None = None
    private_key: str | None = None
    origins: tuple[str, ...] | None = None
    trusted_proxies: tuple[str, ...] | None = None
    announce: bool | None = None
    processes: Annotated[int, Meta(ge=1, le=MOST)] | None = None
    requests_per_minute: Count | None = None
    streams_per_key: Count | None = None
    most_connections: Annotated[int, Meta(ge=1)] | None = None
    queued_s_per_key: Count | None = None
    queued_s_per_session: Count | None = None
    model_kept_s: Count | None = None
    unqueued_mb: Annotated[int, Meta(ge=4, le=1_000_000)] | None = None
    wyoming: str | None = None
    earlier_protocol: bool | None = None
    history: str | None = None
    history_days: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    history_mb: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    history_jsonl: bool | None = None
    file_mb: Annotated[int, Meta(ge=1)] | None = None
    files_at_once: Annotated[int, Meta(ge=1)] | None = None


_MOST_BYTES: Final = 1 << 20
_LONGEST_KEY: Final = 4_096
_KINDS: Final = {field.name: field.type for field in msgspec.structs.fields(Configuration)}


def read_configuration(file: Path, must_exist: bool = False) -> Configuration:
    """Read the file; an absent file sets nothing. Raises ``InvalidSettings``."""
    try:
        # A file that the operator named may be a pipe; the default one must be a regular file.
        with file.open("rb") if must_exist else open_regular(file) as opened:
            content = opened.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InvalidSettings("it is larger than 1 MiB")
        return checked_values(tomllib.loads(content.decode("utf-8-sig")))
    except FileNotFoundError as error:
        if must_exist:
            raise InvalidSettings(f"{file} does not exist") from error
        return Configuration()
    except OSError as error:
        raise InvalidSettings(refusal(error)) from error
    except RecursionError as error:
        raise InvalidSettings(f"{file} is invalid: it is nested too deep") from error
    except UnicodeDecodeError as error:
        raise InvalidSettings(f"{file} is not written in UTF-8: save it as that") from error
    except (ValueError, InvalidSettings) as error:
        raise InvalidSettings(f"{file} is invalid: {reason(error)}") from error


def checked_values(written: Mapping[str, object]) -> Configuration:
    """Return the values of a file. Raises ``InvalidSettings`` with the value, the limit and the remedy."""
    values: dict[str, Any] = {}
    for name, value in written.items():
        if name not in _KINDS:
            raise InvalidSettings(f"there is no setting {name!r}: remove it, or choose one of {', '.join(_KINDS)}")
        try:
            values[name] = msgspec.convert(value, _KINDS[name])
        except msgspec.ValidationError as error:
            raise InvalidSettings(f"{name} = {_problem(value, _KINDS[name])}") from error
    return Configuration(**values)


def read_environment(variables: Mapping[str, str]) -> Configuration:
    """Read ``KIKIPOUNAMU_GATEWAY_PORT`` and the like, one variable per field; an empty one sets nothing.

    Lists are separated by spaces; booleans are ``true`` or ``false``. Raises ``InvalidSettings``.
    """
    values: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        variable = f"{VARIABLE}{name.upper()}"
        if text := variables.get(variable, "").strip():
            try:
                values[name] = msgspec.convert(text.split() if kind == _LIST else text, kind, strict=False)
            except msgspec.ValidationError as error:
                raise InvalidSettings(f"{variable} is invalid: {_problem(text, kind)}") from error
    return Configuration(**values)


def unknown_variables(variables: Mapping[str, str]) -> str:
    """Return a message about variables that are named like settings but set none; empty: there are none.

    They are no error: Kubernetes sets such variables for a Service that is named kikipounamu-gateway.
    """
    known = {f"{VARIABLE}{name.upper()}" for name in (*_KINDS, "config")}
    unknown = sorted(name for name in variables if name.startswith(VARIABLE) and name not in known)
    return f"{', '.join(unknown)}: no setting has this name, so it sets nothing" if unknown else ""


def _problem(value: object, kind: Any) -> str:
    shown = re.sub(r"//.*@", "//…@", repr(value), flags=re.DOTALL)  # a URL may hold a password
    shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 3]}..."
    return f"{shown} is not {_allowed_text(inspect.type_info(kind))}: correct it, or leave it out for the default"


def _allowed_text(kind: inspect.Type) -> str:
    """Describe the allowed values of a field."""
    match kind:
        case inspect.UnionType(types):  # with None, which TOML cannot express
            return _allowed_text(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.IntType(ge=least, le=most):
            return f"a whole number {f'of at least {least}' if most is None else f'from {least} to {most}'}"
        case inspect.EnumType(cls=choices):
            return f"one of {', '.join(sorted(choices))}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "a text"
    return "a list of texts"


def merged(says: Iterable[Configuration]) -> Configuration:
    """Return the first value that is set for each field."""
    values: dict[str, Any] = {}
    for one in says:
        for name, value in msgspec.structs.asdict(one).items():
            if value is not None:
                values.setdefault(name, value)
    return Configuration(**values)


def usable_key(key: str) -> str:
    """Return a key without the spaces around it, as clients send it; empty: none. Raises ``InvalidSettings``."""
    key = key.strip()
    if not key.isprintable() or len(key) > _LONGEST_KEY:
        raise InvalidSettings(
            f"KIKIPOUNAMU_KEY, or --key, is one line of at most {_LONGEST_KEY:,} printable characters: no client "
            "could send another one"
        )
    return key


def settings_of(said: Configuration, here: Folders, key: str) -> GatewaySettings:
    """Return complete settings; makes a certificate if one is needed. Raises ``BackendError``."""
    mode = said.mode or GatewayMode.LOCAL
    proxies = networks(said.trusted_proxies or ())
    if proxies and mode is not GatewayMode.SERVER:
        raise InvalidSettings("a proxy is only trusted by a gateway in --mode server")
    limited = mode is not GatewayMode.LOCAL
    processes = checked_count(said.processes or (by_cores() if mode is GatewayMode.SERVER else 1))
    return GatewaySettings(
        mode=mode,
        processes=processes,
        wyoming=said.wyoming or "",
        earlier_protocol=bool(said.earlier_protocol),
        name=clean_name(said.name or socket.gethostname()) or "kikipounamu",
        host=said.host or _host(said, mode),
        port=said.port if said.port is not None else SHARED_PORT if limited else 0,
        key=key,
        redis=said.redis or "",
        shards=said.shards,
        broker_folder=here.broker,
        broker_socket=here.broker_socket,
        endpoint_file=here.runtime / ENDPOINT_FILE,
        devices_file=here.data / DEVICES_FILE,
        certificate=_certificate(said, mode, here),
        announce=said.announce if said.announce is not None else mode is GatewayMode.SHARED,
        origins=page_origins(said.origins or ()),
        proxies=proxies,
        quota=Quota(
            per_minute=_or(said.requests_per_minute, _PER_MINUTE if limited else 0),
            streams=_or(said.streams_per_key, _STREAMS if limited else 0),
        ),
        admission=_admission(said, processes),
        queue=_queue(said),
        history=_history(said, here),
        files=_files(said, here),
    )


def _admission(said: Configuration, processes: int) -> AdmissionLimits:
    most = AdmissionLimits.unqueued_bytes if said.unqueued_mb is None else said.unqueued_mb * 1_000_000
    sessions = _or(said.most_connections, AdmissionLimits.sessions * processes)
    return AdmissionLimits(sessions=sessions, unqueued_bytes=most)


def _queue(said: Configuration) -> QueueLimits:
    usual = QueueLimits()
    return QueueLimits(
        _or(said.queued_s_per_key, usual.key_s),
        _or(said.queued_s_per_session, usual.session_s),
        _or(said.model_kept_s, usual.offered_s),
    )


def _history(said: Configuration, here: Folders) -> HistorySettings:
    usual = HistoryLimits()
    limits = HistoryLimits(_or(said.history_days, usual.days), _or(said.history_mb, usual.megabytes))
    return history_settings(said.history, limits, bool(said.history_jsonl), here.data)


def _files(said: Configuration, here: Folders) -> FileSettings:
    most = FileSettings.most_bytes if said.file_mb is None else said.file_mb * 1_000_000
    flow = FlowLimits(files=_or(said.files_at_once, FlowLimits.files))
    return FileSettings(here.data / FOLDER, here.models / VAD_MODEL, most, flow=flow)


def _host(said: Configuration, mode: GatewayMode) -> str:
    """Return the default address: every interface if the gateway itself speaks TLS, else loopback."""
    if mode is GatewayMode.SHARED:
        return EVERYWHERE
    return _IPV4 if mode is GatewayMode.SERVER and said.certificate else LOOPBACK


def _certificate(said: Configuration, mode: GatewayMode, here: Folders) -> Certificate | None:
    if said.private_key and not said.certificate:
        raise InvalidSettings("--private-key needs --certificate")
    if mode is GatewayMode.LOCAL:
        return None
    if said.certificate:
        certificate = Path(said.certificate).expanduser()
        return given_certificate(certificate, Path(said.private_key or said.certificate).expanduser())
    return own_certificate(here.data) if mode is GatewayMode.SHARED else None


def _or(said: int | None, otherwise: _Number) -> int | _Number:
    return otherwise if said is None else said
