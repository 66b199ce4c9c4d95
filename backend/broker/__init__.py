"""The broker: the embedded Valkey, jobs on Redis Streams, Lua scripts."""
