"""The stock way: Channels, the ``ocpp`` package's ChargePoint and an ORM insert per message."""
