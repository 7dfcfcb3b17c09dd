"""The gateway over HTTPS: one file per resource."""
