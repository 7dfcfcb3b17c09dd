"""Who people are, and what they may do: roles, sign-in, sessions, break-glass."""
