"""The pages of the console, one file each: its `router`, and its NAVIGATION; found by walking."""
