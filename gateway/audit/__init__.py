"""The audit: who did and saw what; chained, sealed by signed checkpoints, and checked."""
