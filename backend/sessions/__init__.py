"""Client sessions: the pure state machine, the hub that connects sessions to the broker."""
