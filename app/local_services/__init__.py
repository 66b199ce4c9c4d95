"""The gateway and the worker that the app runs on this computer."""
