"""What a scenario can expect; one file each, found by walking."""
