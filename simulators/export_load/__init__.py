"""Everything at once: how long a bulk export by FHIR takes, and how much memory."""
