"""The gateway: stores readings, evaluates rules, opens tasks."""
