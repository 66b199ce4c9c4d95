"""OpenAI's audio API: files over REST, and live transcription over a WebSocket."""
