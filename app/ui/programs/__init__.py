"""The panel of rules for programs."""
