"""Recognition models on this computer: catalogue, download sources, verification."""
