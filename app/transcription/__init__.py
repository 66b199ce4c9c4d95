"""From audio to text: voice activity detection, segments, gateway."""
