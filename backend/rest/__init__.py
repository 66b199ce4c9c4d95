"""The gateway's REST interface: past sessions and submitted files."""
