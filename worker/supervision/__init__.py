"""The engine process: start, frames, deadlines, card and state."""
