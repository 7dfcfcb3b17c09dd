"""The audit: appended by the app role, verified against its owner."""
