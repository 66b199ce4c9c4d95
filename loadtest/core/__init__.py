"""Gateway under load, checksum engine, processes and sockets of the load maker."""
