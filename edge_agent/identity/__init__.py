"""Who this hub is: hub.toml, its keys and its TLS."""
