"""Wyoming, the protocol of Home Assistant for speech: recognition over TCP, without keys."""
