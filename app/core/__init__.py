"""Types and helpers that every package of the app may use."""
