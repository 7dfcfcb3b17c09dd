"""What the connectors to CRMs share, and what each CRM is told and answers."""
