"""The contract of the OCPP WebSocket Service: gateways elsewhere report into this system."""
