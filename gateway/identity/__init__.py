"""Keys and certificates of a site: the CA, the broker, ingest, hubs."""
