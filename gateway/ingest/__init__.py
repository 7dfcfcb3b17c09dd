"""From the broker to the database, one transaction per small batch."""
