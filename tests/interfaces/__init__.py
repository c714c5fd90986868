"""What apps of prior systems say, against a running server: every documented call and frame."""
