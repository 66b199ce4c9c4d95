"""The panels of replacement rules and hotwords."""
