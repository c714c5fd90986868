"""The documents as PDF: what was written can be read."""
