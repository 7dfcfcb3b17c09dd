-- 0011_silence.sql: who measures when, why nothing comes, and the proof that the way works.
-- No timers in memory: what has to be looked at again has next_action_at.

-- Of a programme: every member gets it, but who has one of the same measure already.
CREATE TABLE programme_schedule (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    programme_id uuid NOT NULL REFERENCES programme,
    measure text NOT NULL,
    days smallint[] NOT NULL CHECK (cardinality(days) > 0 AND days <@ '{1,2,3,4,5,6,7}'),
    grace interval NOT NULL CHECK (grace >= interval '0'),
    remind_after int NOT NULL CHECK (remind_after >= 1),
    task_after int NOT NULL CHECK (task_after >= remind_after),
    review_after int NOT NULL CHECK (review_after >= task_after),
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (length(reason) >= 3)
);
CREATE UNIQUE INDEX programme_schedule_once ON programme_schedule (programme_id, measure)
    WHERE until IS NULL;

-- Of one patient and measure; a change ends the row and begins another.
CREATE TABLE schedule (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    programme_schedule_id uuid REFERENCES programme_schedule,
    patient_id uuid NOT NULL REFERENCES patient,
    measure text NOT NULL,
    days smallint[] NOT NULL CHECK (cardinality(days) > 0 AND days <@ '{1,2,3,4,5,6,7}'),
    grace interval NOT NULL CHECK (grace >= interval '0'),
    remind_after int NOT NULL CHECK (remind_after >= 1),
    task_after int NOT NULL CHECK (task_after >= remind_after),
    review_after int NOT NULL CHECK (review_after >= task_after),
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (length(reason) >= 3),
    next_action_at timestamptz,
    CHECK ((until IS NULL) = (next_action_at IS NOT NULL))
);
CREATE UNIQUE INDEX schedule_once ON schedule (patient_id, measure) WHERE until IS NULL;
CREATE INDEX schedule_due ON schedule (next_action_at) WHERE next_action_at IS NOT NULL;

-- A time in which readings could not come: of a device, of a hub, or of the whole site (no hub).
CREATE TABLE trouble (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    hub_id uuid REFERENCES hub,
    device_id uuid REFERENCES device,
    cause text NOT NULL CHECK (cause IN ('device', 'hub', 'ours')),
    what text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    task_id uuid REFERENCES task,
    next_action_at timestamptz,
    CHECK ((cause = 'device') = (device_id IS NOT NULL))
);
-- One at a time: so a hub that is offline has one task, however many devices it has.
CREATE UNIQUE INDEX trouble_once ON trouble (organisation_id,
    coalesce(hub_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(device_id, '00000000-0000-0000-0000-000000000000'), what) WHERE until IS NULL;
CREATE INDEX trouble_of_hub ON trouble (hub_id, since);
CREATE INDEX trouble_of_device ON trouble (device_id, since);
CREATE INDEX trouble_due ON trouble (next_action_at) WHERE next_action_at IS NOT NULL;

-- One stretch without a reading, from the first missed day to the next reading.
CREATE TABLE silence (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    schedule_id uuid NOT NULL REFERENCES schedule,
    since date NOT NULL,
    opened_at timestamptz NOT NULL,
    step text NOT NULL CHECK (step IN ('nothing', 'remind', 'task', 'review')),
    missed int NOT NULL,
    excused int NOT NULL,
    -- What is suppressed, by what, and since when.
    held text NOT NULL CHECK (held IN ('nothing', 'remind', 'task', 'review')),
    held_by text CHECK (held_by IN ('device', 'hub', 'ours')),
    held_since timestamptz,
    remind_at timestamptz,
    task_id uuid REFERENCES task,
    review_id uuid REFERENCES task,
    ended_at timestamptz,
    end_reason text,
    CHECK ((held = 'nothing') = (held_by IS NULL)),
    CHECK ((held_by IS NULL) = (held_since IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX silence_once ON silence (schedule_id) WHERE ended_at IS NULL;

-- Made up, to prove the way: in no list, report, statement or count.
ALTER TABLE patient ADD COLUMN synthetic boolean NOT NULL DEFAULT false;
ALTER TABLE hub ADD COLUMN synthetic boolean NOT NULL DEFAULT false;

CREATE TABLE watchdog (
    organisation_id uuid PRIMARY KEY REFERENCES organisation,
    hub_id uuid NOT NULL REFERENCES hub,
    patient_id uuid NOT NULL REFERENCES patient,
    device_id uuid NOT NULL REFERENCES device,
    every interval NOT NULL CHECK (every >= interval '1 minute'),
    seq bigint NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL,
    next_action_at timestamptz
);
CREATE INDEX watchdog_due ON watchdog (next_action_at) WHERE next_action_at IS NOT NULL;

-- One run: how far its reading has come. It is over when it is proved or given up.
CREATE TABLE watchdog_run (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    seq bigint NOT NULL,
    begun_at timestamptz NOT NULL,
    published_at timestamptz,
    reading_id uuid,
    stored_at timestamptz,
    evaluated_at timestamptz,
    task_id uuid REFERENCES task,
    task_at timestamptz,
    notified_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'proved', 'failed')),
    over_at timestamptz,
    error text,
    CHECK ((state = 'running') = (over_at IS NULL)),
    CHECK ((state = 'failed') = (error IS NOT NULL))
);
CREATE INDEX watchdog_run_running ON watchdog_run (begun_at) WHERE state = 'running';
CREATE INDEX watchdog_run_of ON watchdog_run (organisation_id, begun_at);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['programme_schedule', 'schedule', 'trouble', 'silence', 'watchdog', 'watchdog_run'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
