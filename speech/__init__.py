"""Audio mathematics: files, resampling, voice activity detection, segments, and recognition models."""
