-- 0003_alerting.sql: rules as they were loaded, alerts as episodes, their tasks and their history.

-- No organisation: a rule that came with the programme, for all of them.
CREATE TABLE rule (
    key text NOT NULL,
    version int NOT NULL,
    organisation_id uuid REFERENCES organisation,
    body jsonb NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, version)
);

CREATE TABLE rule_override (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    rule_key text NOT NULL,
    bands jsonb NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX override_of_patient ON rule_override (patient_id, rule_key);

-- Work for people. Its states are those of a FHIR Task. Of `readings` readings of evidence, it
-- shows what opened it, the worst and the newest; all of them are in alert_reading.
CREATE TABLE task (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    alert_id uuid,
    rule_key text,
    direction text CHECK (direction IN ('high', 'low')),
    queue text NOT NULL CHECK (queue IN ('clinical', 'adherence', 'technical')),
    priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    status text NOT NULL DEFAULT 'requested' CHECK (status IN ('requested', 'accepted',
        'in-progress', 'on-hold', 'completed', 'cancelled', 'entered-in-error')),
    title text NOT NULL,
    sentence text NOT NULL,
    readings int NOT NULL DEFAULT 0,
    evidence jsonb NOT NULL DEFAULT '[]',
    owner text,
    due_ack_at timestamptz,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    accepted_at timestamptz,
    closed_at timestamptz,
    closed_by text,
    disposition jsonb,
    closed_reason text,
    CHECK ((closed_at IS NOT NULL) = (status IN ('completed', 'cancelled', 'entered-in-error'))),
    CHECK ((disposition IS NOT NULL) = (status = 'completed'))
);
-- The promise that no alert is doubled: one open task for a patient, rule and direction.
CREATE UNIQUE INDEX task_open_once ON task (patient_id, rule_key, direction)
    WHERE status NOT IN ('completed', 'cancelled', 'entered-in-error');
CREATE INDEX task_worklist ON task (organisation_id, priority, due_at)
    WHERE status NOT IN ('completed', 'cancelled', 'entered-in-error');
CREATE INDEX task_of_patient ON task (patient_id, created_at);
CREATE INDEX task_recent ON task (created_at);

-- One episode. opened_at and resolved_at are when we knew; since and until when it was measured.
CREATE TABLE alert (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    rule_key text NOT NULL,
    rule_version int NOT NULL,
    direction text NOT NULL CHECK (direction IN ('high', 'low')),
    severity text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
    peak_severity text NOT NULL CHECK (peak_severity IN ('P1', 'P2', 'P3', 'P4')),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
    task_id uuid REFERENCES task,
    since timestamptz NOT NULL,
    until timestamptz,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    readings int NOT NULL DEFAULT 0,
    explanation jsonb NOT NULL,
    sentence text NOT NULL,
    FOREIGN KEY (rule_key, rule_version) REFERENCES rule,
    CHECK (peak_severity <= severity),
    CHECK ((resolved_at IS NOT NULL) = (state = 'resolved'))
);
-- Never two for the same patient, rule and direction.
CREATE UNIQUE INDEX alert_open_once ON alert (patient_id, rule_key, direction)
    WHERE state <> 'resolved';
CREATE INDEX alert_of_organisation ON alert (organisation_id, opened_at);
CREATE INDEX alert_of_patient ON alert (patient_id, since);
CREATE INDEX alert_of_task ON alert (task_id);
-- The alert that opened a task; alert.task_id is the newest task that an alert gave evidence to.
ALTER TABLE task ADD FOREIGN KEY (alert_id) REFERENCES alert;
CREATE INDEX task_of_alert ON task (alert_id);

-- The evidence. A reading is evidence once for a rule and direction.
CREATE TABLE alert_reading (
    alert_id uuid NOT NULL REFERENCES alert,
    reading_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    measured_at timestamptz NOT NULL,
    rule_key text NOT NULL,
    direction text NOT NULL,
    severity text NOT NULL,
    late boolean NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (alert_id, reading_id),
    UNIQUE (reading_id, rule_key, direction)
);
CREATE INDEX alert_reading_by_time ON alert_reading (alert_id, measured_at);
CREATE INDEX alert_reading_by_urgency ON alert_reading (alert_id, late, severity, measured_at DESC);

-- What happened to alerts and tasks, by whom. Only ever added to.
CREATE TABLE alert_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL,
    alert_id uuid,
    task_id uuid,
    at timestamptz NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    severity text,
    rule_version int,
    detail jsonb NOT NULL DEFAULT '{}',
    CHECK (alert_id IS NOT NULL OR task_id IS NOT NULL)
);
CREATE INDEX event_of_alert ON alert_event (alert_id, id);
CREATE INDEX event_of_task ON alert_event (task_id, id);

CREATE FUNCTION alert_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of alerts is only ever added to'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER alert_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION alert_event_stays();

-- That a reading was evaluated: how many rules saw it, how many it broke, how often in all.
CREATE TABLE evaluation (
    reading_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    measured_at timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL,
    rules int NOT NULL,
    findings int NOT NULL,
    late int NOT NULL,
    times int NOT NULL DEFAULT 1
);
CREATE INDEX evaluation_of_patient ON evaluation (patient_id, measured_at);
CREATE INDEX evaluation_recent ON evaluation (evaluated_at);

-- A duty that failed stays, says why, and is tried again.
ALTER TABLE duty ADD COLUMN attempts int NOT NULL DEFAULT 0;
ALTER TABLE duty ADD COLUMN error text;
ALTER TABLE duty ADD COLUMN retry_at timestamptz;
CREATE INDEX duty_waiting ON duty (retry_at NULLS FIRST, created_at);
