"""Rules over stored history: what they would have opened, and what that would have cost."""
