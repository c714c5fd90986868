"""The Charging WebSocket API: its frames, and its two sample clients unchanged."""
