"""What waits on the hub: sealed envelopes in SQLite."""
