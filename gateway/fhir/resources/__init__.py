"""Resources of the facade, found by walking: one file declares one, as `RESOURCE`."""
