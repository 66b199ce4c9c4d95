"""Panel of insertion rules for programs."""
