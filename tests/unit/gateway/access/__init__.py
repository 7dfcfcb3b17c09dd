"""Who may do what, without a database."""
