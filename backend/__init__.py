"""The gateway: takes speech from clients, queues it at the broker for workers, and returns their texts."""
