-- 0009_life.sql: what holds a task back, who is told of it, how often, and until somebody takes it.
-- No timers in memory: what has to happen later is a row with next_action_at.

-- Who works when, who is told of what, by which ladder. A new version for every change.
CREATE TABLE roster (
    organisation_id uuid NOT NULL REFERENCES organisation,
    version int NOT NULL CHECK (version > 0),
    body jsonb NOT NULL,
    author text NOT NULL,
    loaded_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, version)
);

-- Somebody else for one day of a schedule; the newest row of a day counts.
CREATE TABLE stand_in (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    schedule text NOT NULL,
    day date NOT NULL,
    person text NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX stand_in_of_day ON stand_in (organisation_id, day);

-- Of one patient, a rule or a component, one direction, up to a severity; it always ends.
CREATE TABLE snooze (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    rule_key text,
    component text,
    direction text NOT NULL CHECK (direction IN ('high', 'low')),
    up_to text NOT NULL CHECK (up_to IN ('P1', 'P2', 'P3', 'P4')),
    owner text NOT NULL CHECK (owner <> ''),
    reason text NOT NULL CHECK (length(reason) >= 3),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    CHECK ((rule_key IS NULL) <> (component IS NULL)),
    CHECK (until <= since + CASE WHEN up_to IN ('P1', 'P2') THEN interval '4 hours'
                                 ELSE interval '24 hours' END)
);
CREATE INDEX snooze_of_patient ON snooze (patient_id, until);

-- What did not open its task (`alert_id`), or did not tell of it (`task_id`): by what, and why.
CREATE TABLE suppression (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    alert_id uuid,
    task_id uuid,
    rule_key text,
    severity text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
    what text NOT NULL CHECK (what IN ('inhibited', 'snoozed', 'answered', 'grouped', 'digest',
        'quiet')),
    by_id uuid,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    next_action_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    CHECK ((alert_id IS NULL) <> (task_id IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    -- What holds a task back is looked at again, always.
    CHECK (alert_id IS NULL OR ended_at IS NOT NULL OR next_action_at IS NOT NULL)
);
CREATE UNIQUE INDEX suppression_once ON suppression (alert_id)
    WHERE ended_at IS NULL AND alert_id IS NOT NULL;
CREATE UNIQUE INDEX suppression_of_task ON suppression (task_id, what)
    WHERE ended_at IS NULL AND task_id IS NOT NULL;
CREATE INDEX suppression_due ON suppression (next_action_at) WHERE ended_at IS NULL;
CREATE INDEX suppression_of_patient ON suppression (patient_id) WHERE ended_at IS NULL;
CREATE INDEX suppression_recent ON suppression (organisation_id, since);

-- How far a task has climbed its ladder. `round` grows with each rise of its priority, `rings` with
-- each time that somebody is told. With `hurry` the next step does not wait: nobody was reached.
-- Nothing is left to do where next_action_at is null.
CREATE TABLE escalation (
    task_id uuid PRIMARY KEY REFERENCES task,
    organisation_id uuid NOT NULL REFERENCES organisation,
    priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    round int NOT NULL DEFAULT 0,
    loop int NOT NULL DEFAULT 0,
    step int NOT NULL DEFAULT 0,
    rings int NOT NULL DEFAULT 0,
    rung_at timestamptz,
    banner boolean NOT NULL DEFAULT false,
    hurry boolean NOT NULL DEFAULT false,
    next_action_at timestamptz
);
CREATE INDEX escalation_due ON escalation (next_action_at) WHERE next_action_at IS NOT NULL;
CREATE INDEX escalation_banner ON escalation (organisation_id) WHERE banner;

-- One message to one address. The id is the key by which a receiver knows it again. It may stand
-- for several tasks; without one of them open it is not sent.
CREATE TABLE notification (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    tasks uuid[] NOT NULL,
    patient_id uuid,
    person text,
    channel text NOT NULL,
    address text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('new', 'reminder', 'overdue', 'digest', 'test')),
    priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    language text NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent', 'dead', 'cancelled')),
    attempts int NOT NULL DEFAULT 0,
    next_action_at timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    error text,
    CHECK ((state = 'due') = (next_action_at IS NOT NULL)),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX notification_due ON notification (priority, next_action_at) WHERE state = 'due';
CREATE INDEX notification_of_address ON notification (organisation_id, channel, address, created_at);
CREATE INDEX notification_of_tasks ON notification USING gin (tasks);

-- Whoever writes a task, by whatever way: somebody is told of it. It is due at once, by the loop.
CREATE FUNCTION task_is_escalated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO escalation (task_id, organisation_id, priority, next_action_at)
        VALUES (NEW.id, NEW.organisation_id, NEW.priority,
            CASE WHEN NEW.closed_at IS NULL THEN NEW.created_at END);
        RETURN NULL;
    END IF;
    IF NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL THEN
        UPDATE escalation SET next_action_at = NULL, banner = false WHERE task_id = NEW.id;
        -- An alert that was held back because of this task may be worked on now.
        UPDATE suppression SET next_action_at = NEW.created_at
        WHERE patient_id = NEW.patient_id AND ended_at IS NULL AND what = 'inhibited';
    ELSIF NEW.priority < OLD.priority THEN
        UPDATE escalation SET priority = NEW.priority, round = round + 1, loop = 0, step = 0,
            next_action_at = NEW.created_at WHERE task_id = NEW.id;
    ELSIF NEW.status <> OLD.status THEN
        UPDATE escalation SET next_action_at = NEW.created_at WHERE task_id = NEW.id;
    END IF;
    IF NEW.status <> OLD.status OR NEW.priority < OLD.priority THEN
        UPDATE suppression SET ended_at = coalesce(NEW.closed_at, NEW.accepted_at, since),
            end_reason = CASE WHEN NEW.status <> OLD.status THEN 'task ' || NEW.status
                              ELSE 'task raised' END
        WHERE task_id = NEW.id AND ended_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER task_is_escalated AFTER INSERT OR UPDATE OF status, priority ON task
    FOR EACH ROW EXECUTE FUNCTION task_is_escalated();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['roster', 'stand_in', 'snooze', 'suppression', 'escalation',
        'notification'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
-- Tasks from before this version are told of once, as new ones would be.
INSERT INTO escalation (task_id, organisation_id, priority, next_action_at)
SELECT id, organisation_id, priority, CASE WHEN closed_at IS NULL THEN created_at END FROM task;
