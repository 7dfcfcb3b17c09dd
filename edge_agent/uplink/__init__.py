"""Publishing envelopes and hearing receipts over MQTT."""
