"""Who people are, and what they may do, on a real database."""
