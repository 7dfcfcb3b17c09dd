"""Rules over readings, alerts as episodes."""
