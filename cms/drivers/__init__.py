"""The drivers' socket ``/ws``: apps start and stop, and hear of their own sessions."""
