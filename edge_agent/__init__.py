"""The hub's program: reads devices, seals readings, keeps them until they are stored."""
