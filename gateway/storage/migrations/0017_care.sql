-- 0017_care.sql: what people do for patients: minutes, contacts, notes; and what the app role writes.

-- The queries of gateway/storage and gateway/care are the app role's too: it has `app` before `public`
-- in its search path, and there the series tables are the views of one organisation (docs/adr/0022).
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO hearthline_app;
CREATE VIEW app.reading WITH (security_barrier) AS
    SELECT * FROM public.reading WHERE organisation_id = (SELECT public.app_organisation());
CREATE VIEW app.reading_value WITH (security_barrier) AS
    SELECT * FROM public.reading_value WHERE organisation_id = (SELECT public.app_organisation());
CREATE VIEW app.identity WITH (security_barrier) AS
    SELECT * FROM public.identity WHERE organisation_id = (SELECT public.app_organisation());
GRANT SELECT ON app.reading, app.reading_value, app.identity TO hearthline_app;

-- `owner` is a name; who signs in has an id as well.
ALTER TABLE task ADD COLUMN owner_id uuid;
-- What a person may not forget to ask again: a task that people made, and the one that it follows.
ALTER TABLE task ADD COLUMN follows uuid REFERENCES task;
CREATE INDEX task_next ON task (organisation_id, priority,
    (CASE WHEN status = 'requested' THEN coalesce(due_ack_at, due_at) ELSE due_at END), id)
    WHERE status NOT IN ('completed', 'cancelled', 'entered-in-error');
CREATE INDEX patient_by_name ON patient (organisation_id, lower(name), id);

-- Minutes of one person for one patient. Nothing is changed: what is wrong is voided, with why.
CREATE TABLE time_entry (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL,
    task_id uuid REFERENCES task,
    person_id uuid NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    activity text NOT NULL CHECK (activity IN ('review', 'call', 'visit', 'education',
        'coordination', 'care_plan', 'documentation', 'set_up')),
    -- Real-time audio or video with the patient or a carer.
    live boolean NOT NULL,
    -- A physician or another qualified professional, as some codes ask for.
    qualified boolean NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    voided_at timestamptz,
    voided_by text,
    void_reason text CHECK (length(void_reason) >= 3),
    CHECK (ended_at > began_at AND ended_at <= began_at + interval '8 hours'),
    CHECK ((voided_at IS NULL) = (voided_by IS NULL)),
    CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX time_of_patient ON time_entry (patient_id, began_at);
CREATE INDEX time_of_person ON time_entry (organisation_id, person_id, began_at)
    WHERE voided_at IS NULL;

CREATE TABLE contact_attempt (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL,
    task_id uuid REFERENCES task,
    at timestamptz NOT NULL,
    channel text NOT NULL CHECK (channel IN ('telephone', 'video', 'message', 'visit')),
    with_whom text NOT NULL CHECK (with_whom IN ('patient', 'carer', 'emergency_contact',
        'clinician', 'emergency_service')),
    outcome text NOT NULL CHECK (outcome IN ('reached', 'no_answer', 'left_message', 'busy',
        'wrong_person', 'declined')),
    author_id uuid NOT NULL,
    author text NOT NULL CHECK (author <> ''),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    created_at timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX contact_of_patient ON contact_attempt (patient_id, at);
CREATE INDEX contact_of_task ON contact_attempt (task_id) WHERE task_id IS NOT NULL;

-- Only ever added to; one that corrects another names it.
CREATE TABLE note (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL,
    task_id uuid REFERENCES task,
    corrects uuid REFERENCES note,
    about timestamptz NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
    author_id uuid NOT NULL,
    author text NOT NULL CHECK (author <> ''),
    created_at timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX note_of_patient ON note (patient_id, about);
CREATE INDEX note_of_task ON note (task_id) WHERE task_id IS NOT NULL;

-- What was answered to a request, so that the same one again does nothing again.
CREATE TABLE idempotency_key (
    organisation_id uuid NOT NULL REFERENCES organisation,
    who uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    answer jsonb,
    at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, who, route, key)
);
CREATE INDEX idempotency_key_old ON idempotency_key (organisation_id, at);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['time_entry', 'contact_attempt', 'note', 'idempotency_key',
        'security_event'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
GRANT UPDATE (voided_at, voided_by, void_reason) ON time_entry TO hearthline_app;
GRANT UPDATE (answer), DELETE ON idempotency_key TO hearthline_app;

-- What moves a task moves: no more, and no column more.
GRANT INSERT (id, organisation_id, patient_id, device_id, follows, rule_key, direction, queue,
    priority, title, sentence, owner, owner_id, due_ack_at, due_at, created_at) ON task
    TO hearthline_app;
GRANT INSERT (task_id, organisation_id, priority, next_action_at) ON escalation TO hearthline_app;
GRANT INSERT ON alert_event, snooze, suppression, symptom_answer, duty TO hearthline_app;
GRANT UPDATE (status, owner, owner_id, accepted_at, closed_at, closed_by, closed_reason,
    disposition) ON task TO hearthline_app;
GRANT UPDATE (state, updated_at) ON alert TO hearthline_app;
GRANT UPDATE (until) ON snooze TO hearthline_app;
GRANT UPDATE (next_action_at, ended_at, end_reason) ON suppression TO hearthline_app;
GRANT UPDATE (next_action_at, banner, hurry, priority, round, loop, step) ON escalation
    TO hearthline_app;
GRANT UPDATE (state, next_action_at, error) ON notification TO hearthline_app;
-- Limits, programmes and what is expected of whom.
GRANT INSERT ON rule_override, programme, programme_member, schedule TO hearthline_app;
GRANT UPDATE (valid_until) ON rule_override TO hearthline_app;
GRANT UPDATE (until) ON programme_member TO hearthline_app;
GRANT UPDATE (until, next_action_at) ON schedule TO hearthline_app;
-- Hubs come by invitation; devices are paired and given to patients.
GRANT INSERT (id, organisation_id, name, timezone, suite, state, replaces) ON hub
    TO hearthline_app;
GRANT INSERT ON device, pairing, assignment, enrolment_token TO hearthline_app;
GRANT UPDATE (name, timezone, state, signing_key, confirmed_at, confirmed_by) ON hub
    TO hearthline_app;
GRANT UPDATE (profile) ON device TO hearthline_app;
GRANT UPDATE (valid) ON pairing, assignment TO hearthline_app;
GRANT UPDATE (burnt_at, burnt_reason, wrong_digits) ON enrolment_token TO hearthline_app;
GRANT UPDATE (revoked_at, reason) ON certificate TO hearthline_app;
-- A key is the hub's own, and a revocation for ever: the app role takes away, and gives neither.
CREATE FUNCTION app_takes_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user IN ('hearthline_app', 'hearthline_access') THEN
        RAISE EXCEPTION 'keys and certificates come by enrolment'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hub_key_is_its_own BEFORE UPDATE OF signing_key ON hub FOR EACH ROW
    WHEN (NEW.signing_key IS NOT NULL AND NEW.signing_key IS DISTINCT FROM OLD.signing_key)
    EXECUTE FUNCTION app_takes_away();
CREATE TRIGGER revoked_is_for_ever BEFORE UPDATE OF revoked_at ON certificate FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
    EXECUTE FUNCTION app_takes_away();
-- What a person says of a reading that is held.
GRANT UPDATE (state, decided_at, decided_by) ON doubt TO hearthline_app;
GRANT UPDATE (state, released_at) ON quarantine TO hearthline_app;

-- Which organisation it is is asked once for a query, not for every row: of thousands of readings that
-- is most of the time. The views above, and every policy there is; new tables come by isolate().
CREATE OR REPLACE FUNCTION isolate(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_organisation ON %s TO hearthline_app
        USING (organisation_id = (SELECT app_organisation()))', t);
    EXECUTE format('CREATE POLICY of_the_gateway ON %s TO CURRENT_USER USING (true)', t);
    EXECUTE format('GRANT SELECT ON %s TO hearthline_app', t);
END $$;
DO $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND cmd = 'ALL'
        AND policyname = 'of_organisation' AND tablename <> 'organisation' LOOP
        EXECUTE format('ALTER POLICY of_organisation ON %I
            USING (organisation_id = (SELECT app_organisation()))', t);
    END LOOP;
END $$;
