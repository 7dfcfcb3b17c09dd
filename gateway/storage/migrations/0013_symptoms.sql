-- 0013_symptoms.sql: what patients tell of their symptoms, which may move limits.

-- number is how many symptoms there are, 0 where somebody was asked and there are none.
CREATE TABLE symptom_answer (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    at timestamptz NOT NULL,
    number int NOT NULL CHECK (number >= 0),
    codes text[] NOT NULL CHECK (cardinality(codes) = number),
    answered_by text NOT NULL CHECK (answered_by IN ('patient', 'carer', 'clinician')),
    author text NOT NULL CHECK (author <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX symptom_answer_of_patient ON symptom_answer (patient_id, at);
ALTER TABLE symptom_answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE symptom_answer FORCE ROW LEVEL SECURITY;
CREATE POLICY of_organisation ON symptom_answer TO hearthline_app
    USING (organisation_id = app_organisation());
CREATE POLICY of_the_gateway ON symptom_answer TO CURRENT_USER USING (true);
GRANT SELECT ON symptom_answer TO hearthline_app;
