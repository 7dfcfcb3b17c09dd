-- 0020_outbox.sql: worklists elsewhere: what waits to be told there, what was said there, how they are.

-- One far side of an organisation, as the site's connectors.toml has it; its secrets stay there.
-- A failure closes the way to it until open_at: nobody asks a server that is down for every task.
CREATE TABLE connector (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    kind text NOT NULL,
    contents text NOT NULL CHECK (contents IN ('minimal', 'title', 'full')),
    queues text[] NOT NULL CHECK (queues <@ ARRAY['clinical', 'adherence', 'technical']),
    -- Still in the file.
    active boolean NOT NULL DEFAULT true,
    failures int NOT NULL DEFAULT 0,
    down_since timestamptz,
    error text,
    open_at timestamptz,
    -- The rate: no call before this moment.
    next_call_at timestamptz,
    -- Answered, and took a task.
    well_at timestamptz,
    took_at timestamptz,
    cursor text,
    poll_at timestamptz,
    -- It takes tasks and does not say what changed there: that is no return to health.
    unheard_since timestamptz,
    unheard_error text,
    CHECK ((down_since IS NULL) = (error IS NULL)),
    CHECK ((unheard_since IS NULL) = (unheard_error IS NULL)),
    UNIQUE (organisation_id, id)
);

-- That a task has changed. What is sent is the task as it is then, so that after an outage each is
-- told once, and a row is never waited for by whoever changes the task.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    connector_id uuid NOT NULL,
    task_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
    attempts int NOT NULL DEFAULT 0,
    failed_at timestamptz,
    next_action_at timestamptz,
    settled_at timestamptz,
    error text,
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    CHECK (state <> 'dead' OR error IS NOT NULL),
    FOREIGN KEY (organisation_id, connector_id) REFERENCES connector (organisation_id, id),
    FOREIGN KEY (organisation_id, task_id) REFERENCES task (organisation_id, id)
);
CREATE INDEX outbox_waiting ON outbox (connector_id, id) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (connector_id, id) WHERE state = 'dead';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state = 'sent';
CREATE INDEX outbox_of_task ON outbox (task_id, connector_id, id);

-- What is known of our task at the far side: its name there, and the version last written or seen.
-- `put` is what was last written, or heard since; `tried` what may have been written: it is kept before
-- it is sent. What is read back like one of them is nobody's change.
CREATE TABLE remote_task (
    connector_id uuid NOT NULL,
    task_id uuid NOT NULL,
    organisation_id uuid NOT NULL REFERENCES organisation,
    remote_id text,
    version text,
    put_status text,
    tried_status text,
    put_owner text,
    tried_owner text,
    put_at timestamptz,
    seen_at timestamptz,
    -- When it was changed there, by their clock.
    changed_at timestamptz,
    PRIMARY KEY (connector_id, task_id),
    FOREIGN KEY (organisation_id, connector_id) REFERENCES connector (organisation_id, id),
    FOREIGN KEY (organisation_id, task_id) REFERENCES task (organisation_id, id)
);
CREATE INDEX remote_task_of_task ON remote_task (task_id);

-- What somebody did there: applied to our task by the rules of docs/adr/0025, once.
CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    connector_id uuid NOT NULL,
    task_id uuid NOT NULL,
    -- Of the far side's task, and when it was made; what comes twice has both the same.
    version text NOT NULL,
    changed_at timestamptz NOT NULL,
    way text NOT NULL CHECK (way IN ('poll', 'put', 'webhook')),
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'applied', 'unchanged',
        'refused', 'dead')),
    settled_at timestamptz,
    reason text,
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    CHECK (state NOT IN ('refused', 'dead') OR reason IS NOT NULL),
    UNIQUE (connector_id, task_id, version, changed_at),
    FOREIGN KEY (organisation_id, connector_id) REFERENCES connector (organisation_id, id),
    FOREIGN KEY (organisation_id, task_id) REFERENCES task (organisation_id, id)
);
CREATE INDEX inbox_waiting ON inbox (connector_id, id) WHERE state = 'waiting';
CREATE INDEX inbox_dead ON inbox (connector_id, task_id) WHERE state = 'dead';
CREATE INDEX inbox_settled ON inbox (settled_at) WHERE state <> 'waiting';

-- Whoever changes a task, by whatever way: it is told elsewhere. New evidence alone is not told, as
-- it comes with every reading; what it makes worse is.
CREATE FUNCTION task_is_told_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.status, NEW.priority, NEW.owner, NEW.title, NEW.sentence,
            NEW.due_at, NEW.disposition) IS NOT DISTINCT FROM (OLD.status, OLD.priority, OLD.owner,
            OLD.title, OLD.sentence, OLD.due_at, OLD.disposition) THEN
        RETURN NULL;
    END IF;
    INSERT INTO outbox (organisation_id, connector_id, task_id)
    SELECT NEW.organisation_id, c.id, NEW.id FROM connector c
    WHERE c.organisation_id = NEW.organisation_id AND c.active AND NEW.queue = ANY(c.queues)
      AND NOT (SELECT p.synthetic FROM patient p WHERE p.id = NEW.patient_id);
    IF FOUND THEN
        NOTIFY outbox;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER task_is_told_elsewhere AFTER INSERT OR UPDATE ON task
    FOR EACH ROW EXECUTE FUNCTION task_is_told_elsewhere();

DO $$ BEGIN
    PERFORM isolate('connector'), isolate('outbox'), isolate('remote_task'), isolate('inbox');
END $$;
GRANT INSERT (organisation_id, connector_id, task_id) ON outbox TO hearthline_app;
GRANT UPDATE (state, attempts, failed_at, next_action_at, settled_at) ON outbox TO hearthline_app;
GRANT UPDATE (open_at, poll_at) ON connector TO hearthline_app;
GRANT INSERT (organisation_id, connector_id, task_id, version, changed_at, way, body, received_at)
    ON inbox TO hearthline_app;
GRANT UPDATE (state, settled_at, reason) ON inbox TO hearthline_app;
