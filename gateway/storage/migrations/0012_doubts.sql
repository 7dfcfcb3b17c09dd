-- 0012_doubts.sql: readings that are probably somebody else's: held, and what a person said of them.

-- One row for each time that such a reading was told. The reading itself stays sealed in quarantine.
CREATE TABLE doubt (
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    reading_id uuid NOT NULL,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    rule_key text NOT NULL,
    rule_version int NOT NULL,
    task_id uuid REFERENCES task,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'confirmed', 'refused')),
    asked_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    PRIMARY KEY (hub_id, epoch, seq, reading_id),
    CHECK ((state = 'asked') = (decided_at IS NULL)),
    CHECK ((state = 'asked') = (decided_by IS NULL))
);
CREATE INDEX doubt_of_reading ON doubt (reading_id);
CREATE INDEX doubt_of_task ON doubt (task_id) WHERE state = 'asked';
ALTER TABLE doubt ENABLE ROW LEVEL SECURITY;
ALTER TABLE doubt FORCE ROW LEVEL SECURITY;
CREATE POLICY of_organisation ON doubt TO hearthline_app
    USING (organisation_id = app_organisation());
CREATE POLICY of_the_gateway ON doubt TO CURRENT_USER USING (true);
GRANT SELECT ON doubt TO hearthline_app;

-- Refused: a person said that it is not the patient's. It stays, and is offered to nobody again.
ALTER TABLE quarantine DROP CONSTRAINT quarantine_state_check;
ALTER TABLE quarantine ADD CONSTRAINT quarantine_state_check
    CHECK (state IN ('held', 'released', 'refused'));
