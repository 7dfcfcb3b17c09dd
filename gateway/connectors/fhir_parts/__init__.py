"""What the connectors to FHIR servers share: codes, resources, the way to ask for changes."""
