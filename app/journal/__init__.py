"""The journal of a take: audio and events on disk, written, read, recovered and expired."""
