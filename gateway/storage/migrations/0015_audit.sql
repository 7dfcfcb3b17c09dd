-- 0015_audit.sql: who did and saw what; a chain for each organisation, which nobody changes unseen.

-- Row security for a new table, one call: the app role sees its organisation's rows.
CREATE FUNCTION isolate(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_organisation ON %s TO hearthline_app
        USING (organisation_id = app_organisation())', t);
    EXECUTE format('CREATE POLICY of_the_gateway ON %s TO CURRENT_USER USING (true)', t);
    EXECUTE format('GRANT SELECT ON %s TO hearthline_app', t);
END $$;
REVOKE EXECUTE ON FUNCTION isolate FROM PUBLIC;

-- hash is SHA-256 over the hash of the entry before and this entry as audit_text() writes it. No
-- foreign keys: an entry outlives what it tells of.
CREATE TABLE audit (
    organisation_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    version smallint NOT NULL,
    recorded_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'program', 'operator', 'gateway')),
    actor_id uuid,
    actor text NOT NULL CHECK (actor <> ''),
    roles text NOT NULL,
    session_id uuid,
    action text NOT NULL CHECK (action ~ '^[a-z0-9_-]+[.][a-z0-9_.-]+$'),
    patients uuid[] NOT NULL,
    subject_kind text,
    subject_id text,
    detail json NOT NULL CHECK (json_typeof(detail) = 'object'),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (organisation_id, seq),
    CHECK ((subject_kind IS NULL) = (subject_id IS NULL)),
    CHECK (octet_length(detail::text) <= 65536)
);
CREATE INDEX audit_of_patient ON audit USING gin (patients);
CREATE INDEX audit_of_actor ON audit (organisation_id, actor_id, seq);
CREATE INDEX audit_by_time ON audit (organisation_id, at, seq);
DO $$ BEGIN PERFORM isolate('audit'); END $$; -- a SELECT would print its row

-- The last entry of each organisation's chain. Whoever appends holds its row until the commit.
CREATE TABLE audit_head (
    organisation_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_gateway ON audit_head TO CURRENT_USER USING (true);

-- Where entries wait for the end of their transaction: only then are they numbered and chained, so
-- that two requests of an organisation wait for each other while they commit, and no longer.
-- Nothing is ever left here, therefore unlogged.
CREATE UNLOGGED TABLE audit_waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL DEFAULT app_organisation(),
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    roles text NOT NULL DEFAULT '',
    session_id uuid,
    action text NOT NULL,
    patients uuid[] NOT NULL DEFAULT '{}',
    subject_kind text,
    subject_id text,
    detail json NOT NULL DEFAULT '{}'
);
ALTER TABLE audit_waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_waiting FORCE ROW LEVEL SECURITY;
CREATE POLICY of_organisation ON audit_waiting FOR INSERT TO hearthline_app WITH CHECK
    (organisation_id = app_organisation() AND actor_kind IN ('person', 'program'));
CREATE POLICY of_the_gateway ON audit_waiting TO CURRENT_USER USING (true);
GRANT INSERT (organisation_id, at, actor_kind, actor_id, actor, roles, session_id, action,
    patients, subject_kind, subject_id, detail) ON audit_waiting TO hearthline_app;

-- The canonical form, version 1: a JSON array (RFC 8259) in UTF-8, ", " between its elements, nothing
-- escaped that need not be; its elements are PostgreSQL's text of the columns in their order, moments
-- as seconds since 1970 with six decimals. All are strings or null.
CREATE FUNCTION audit_text(e audit) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_array(e.organisation_id::text, e.seq::text, e.version::text,
        extract(epoch FROM e.recorded_at)::text, extract(epoch FROM e.at)::text,
        e.actor_kind, e.actor_id::text, e.actor, e.roles, e.session_id::text, e.action,
        e.patients::text, e.subject_kind, e.subject_id, e.detail::text)::text
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head audit_head;
    last audit_head;
    e audit;
BEGIN
    INSERT INTO audit_head VALUES (NEW.organisation_id, 0, decode(repeat('00', 32), 'hex'))
        ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM audit_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
    SELECT a.organisation_id, a.seq, a.hash INTO last FROM audit a
        WHERE a.organisation_id = NEW.organisation_id ORDER BY a.seq DESC LIMIT 1;
    -- They differ where somebody tampered. Work goes on, and the break stays to be seen.
    IF last.seq > head.seq THEN
        head := last;
    END IF;
    e.version := 1;
    e.organisation_id := NEW.organisation_id;
    e.seq := head.seq + 1;
    e.recorded_at := clock_timestamp();
    e.at := NEW.at;
    e.actor_kind := NEW.actor_kind;
    e.actor_id := NEW.actor_id;
    e.actor := NEW.actor;
    e.roles := NEW.roles;
    e.session_id := NEW.session_id;
    e.action := NEW.action;
    e.patients := NEW.patients;
    e.subject_kind := NEW.subject_kind;
    e.subject_id := NEW.subject_id;
    e.detail := NEW.detail;
    e.hash := sha256(head.hash || convert_to(audit_text(e), 'UTF8'));
    INSERT INTO audit SELECT e.*;
    UPDATE audit_head SET seq = e.seq, hash = e.hash WHERE organisation_id = e.organisation_id;
    DELETE FROM audit_waiting WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit_waiting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- The checkpoints, as they were signed; the same lines are in files outside the database.
CREATE TABLE audit_checkpoint (
    number bigint PRIMARY KEY,
    line text NOT NULL
);

CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
-- Of the owner too: who wants to change the audit has to take two steps, each of which is found.
REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_checkpoint FROM PUBLIC, CURRENT_USER;

-- Of all functions only this one is the app role's to call. Triggers run without.
REVOKE EXECUTE ON FUNCTION series_kind, series_make_room, assignment_is_unambiguous, alert_event_stays,
    task_is_escalated, audit_text, audit_chain, audit_is_only_added_to FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_organisation TO hearthline_app;

-- Nor may an expression, wherever it came in, name another organisation, or look at what others ask, or
-- a table stand before one of ours. Where who migrates is no superuser, the first two are left to the
-- administrator of the server.
DO $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        REVOKE EXECUTE ON FUNCTION set_config, pg_stat_get_activity, pg_stat_get_backend_activity
            FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION pg_stat_get_activity, pg_stat_get_backend_activity TO pg_monitor;
    END IF;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
