"""Routes under `/fhir`, found by walking. The CapabilityStatement tells of them, not OpenAPI."""
