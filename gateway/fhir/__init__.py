"""The FHIR R4 facade at `/fhir`: what clinics' systems read, over our rows, rights and audit."""
