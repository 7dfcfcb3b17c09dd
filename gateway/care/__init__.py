"""Tasks: care-coordination work that alerts open."""
