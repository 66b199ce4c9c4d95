"""The earlier server's protocol: ``/ws/asr``, and its REST routes below ``/api/v1``."""
