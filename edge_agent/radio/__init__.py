"""BLE: scanning, sessions and pairing, on bleak and BlueZ."""
