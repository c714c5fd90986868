"""Who may charge: RFID cards and card groups."""
