"""People at a browser: a real server, a real Chromium, and nothing that may go wrong unseen."""
