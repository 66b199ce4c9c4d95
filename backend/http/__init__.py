"""HTTP: the server, its TLS port, access control, streams and device routes."""
