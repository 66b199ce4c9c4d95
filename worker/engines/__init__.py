"""Recognition engines; a file imports its engine's library only inside the engine's constructor."""
