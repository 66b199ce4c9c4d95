"""Client sessions: the pure state machine, and the hub that connects it with clients and the broker."""
