"""SQL: one file per subject; migrations/ holds the schema."""
