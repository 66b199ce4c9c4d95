"""Functions and structures of ``libpulse``, the client library of PulseAudio; PipeWire serves it too.

Its binary interface has not changed since 2007 (``libpulse.so.0``). Names and layouts: the headers
``introspect.h``, ``mainloop.h``, ``stream.h`` and ``def.h`` of PulseAudio. Only the first fields of a source are
read.
"""

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_void_p
from functools import cache
from typing import Any, Final

NO_AUTOSPAWN: Final = 0x0001
CONTEXT_READY: Final = 4
STREAM_READY: Final = 2
OPERATION_RUNNING: Final = 0
FLOAT32: Final = 5  # little endian, like all supported computers
ANY: Final = 2**32 - 1

_INTERPOLATE_TIMING, _AUTO_TIMING_UPDATE = 0x0002, 0x0008
_DONT_MOVE, _ADJUST_LATENCY = 0x0200, 0x2000
RECORD: Final = _INTERPOLATE_TIMING | _AUTO_TIMING_UPDATE | _DONT_MOVE | _ADJUST_LATENCY


class SampleSpec(Structure):
    """The C structure ``pa_sample_spec``: format, rate and channels."""

    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class _ChannelMap(Structure):
    _fields_ = (("channels", c_uint8), ("map", c_int * 32))


class _Volume(Structure):
    _fields_ = (("channels", c_uint8), ("values", c_uint32 * 32))


class SourceInfo(Structure):
    """The first fields of the C structure ``pa_source_info``."""

    _fields_ = (
        ("name", c_char_p),
        ("index", c_uint32),
        ("description", c_char_p),
        ("sample_spec", SampleSpec),
        ("channel_map", _ChannelMap),
        ("owner_module", c_uint32),
        ("volume", _Volume),
        ("mute", c_int),
        ("monitor_of_sink", c_uint32),
    )


class ServerInfo(Structure):
    """The first fields of the C structure ``pa_server_info``."""

    _fields_ = (
        ("user_name", c_char_p),
        ("host_name", c_char_p),
        ("server_version", c_char_p),
        ("server_name", c_char_p),
        ("sample_spec", SampleSpec),
        ("default_sink_name", c_char_p),
        ("default_source_name", c_char_p),
    )


class BufferAttributes(Structure):
    """The C structure ``pa_buffer_attr``: buffer sizes in bytes."""

    _fields_ = tuple((name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


SOURCE_CALLBACK: Final = ctypes.CFUNCTYPE(None, c_void_p, POINTER(SourceInfo), c_int, c_void_p)
SERVER_CALLBACK: Final = ctypes.CFUNCTYPE(None, c_void_p, POINTER(ServerInfo), c_void_p)

_P: Final = c_void_p
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "mainloop_new": (_P, []),
    "mainloop_get_api": (_P, [_P]),
    "mainloop_prepare": (c_int, [_P, c_int]),
    "mainloop_poll": (c_int, [_P]),
    "mainloop_dispatch": (c_int, [_P]),
    "mainloop_free": (None, [_P]),
    "context_new": (_P, [_P, c_char_p]),
    "context_connect": (c_int, [_P, c_char_p, c_int, _P]),
    "context_get_state": (c_int, [_P]),
    "context_get_server_info": (_P, [_P, SERVER_CALLBACK, _P]),
    "context_get_source_info_list": (_P, [_P, SOURCE_CALLBACK, _P]),
    "context_errno": (c_int, [_P]),
    "context_disconnect": (None, [_P]),
    "context_unref": (None, [_P]),
    "operation_get_state": (c_int, [_P]),
    "operation_unref": (None, [_P]),
    "stream_new": (_P, [_P, c_char_p, POINTER(SampleSpec), _P]),
    "stream_connect_record": (c_int, [_P, c_char_p, POINTER(BufferAttributes), c_int]),
    "stream_get_state": (c_int, [_P]),
    "stream_get_latency": (c_int, [_P, POINTER(ctypes.c_uint64), POINTER(c_int)]),
    "stream_readable_size": (c_size_t, [_P]),
    "stream_peek": (c_int, [_P, POINTER(_P), POINTER(c_size_t)]),
    "stream_drop": (c_int, [_P]),
    "stream_disconnect": (c_int, [_P]),
    "stream_unref": (None, [_P]),
    "strerror": (c_char_p, [c_int]),
}


class PulseLibrary:
    """The functions of ``libpulse``, by their names without ``pa_``."""

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, f"pa_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        """Tell the type checker that functions are attributes."""
        raise AttributeError(name)


@cache
def pulse_library(name: str = "libpulse.so.0") -> PulseLibrary | None:
    """Load ``libpulse``; return ``None`` if it is not installed."""
    try:
        return PulseLibrary(ctypes.CDLL(name))
    except OSError:
        return None
