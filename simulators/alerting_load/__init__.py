"""Load for alerting: a hundred rules for each patient, and how long a task takes to be there."""
