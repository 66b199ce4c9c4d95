"""FunASR's WebSocket protocol: offline, online and 2pass."""
