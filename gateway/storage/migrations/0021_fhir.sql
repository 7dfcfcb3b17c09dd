-- 0021_fhir.sql: what the FHIR facade needs: when a row changed, programs that sign in by a key of
-- theirs, exports that are written in the background, and who is told that something is new.

-- When it was written, by the clock of the moment and not by that of a request that may take long:
-- "what changed since" then leaves nothing out (docs/adr/0026).
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.touched_at := clock_timestamp();
    RETURN NEW;
END $$;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['patient', 'device', 'hub', 'care_team', 'task', 'alert',
        'contact_attempt'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN touched_at timestamptz NOT NULL
            DEFAULT clock_timestamp()', t);
        EXECUTE format('CREATE TRIGGER %s_is_touched BEFORE UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION touch()', t, t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['task', 'alert', 'contact_attempt'] LOOP
        EXECUTE format('CREATE INDEX %s_by_change ON %I (organisation_id, touched_at, id)', t, t);
    END LOOP;
END $$;
CREATE INDEX reading_by_change ON reading (organisation_id, stored_at, id);

-- Whose a device is, by which hub it speaks and who is in a team are rows of their own.
CREATE FUNCTION touch_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'care_team_member' THEN
        UPDATE care_team SET touched_at = clock_timestamp() WHERE id = NEW.care_team_id;
    ELSE
        UPDATE device SET touched_at = clock_timestamp() WHERE id = NEW.device_id;
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['assignment', 'pairing', 'care_team_member'] LOOP
        EXECUTE format('CREATE TRIGGER %s_touches AFTER INSERT OR UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION touch_whole()', t, t);
    END LOOP;
END $$;
GRANT UPDATE (touched_at) ON device, care_team TO hearthline_app;
REVOKE EXECUTE ON FUNCTION touch, touch_whole FROM PUBLIC;

-- A program's public keys (RFC 7517), and what a token was given for: SMART scopes, or rights.
ALTER TABLE program ADD COLUMN jwks jsonb CHECK (jsonb_typeof(jwks -> 'keys') = 'array');
ALTER TABLE program_secret ADD COLUMN scopes text[];
-- An assertion is used once (RFC 7523, 3). Only for as long as it would be in force.
CREATE TABLE program_assertion (
    program_id uuid NOT NULL REFERENCES program ON DELETE CASCADE,
    jti bytea NOT NULL CHECK (octet_length(jti) = 32),
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, jti)
);
CREATE INDEX program_assertion_old ON program_assertion (ends_at);
GRANT SELECT, INSERT, DELETE ON program_assertion TO hearthline_access;

-- Whoever asked for it (a program or a person) gets the files, nobody else.
CREATE TABLE fhir_export (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    who uuid NOT NULL,
    who_name text NOT NULL,
    is_program boolean NOT NULL,
    request text NOT NULL,
    types text[] NOT NULL,
    since timestamptz,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'done', 'failed', 'cancelled', 'deleted')),
    -- While it waits: when it is begun, or when whoever began it is taken for dead. When it is
    -- done: when its files go.
    next_action_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    progress text NOT NULL DEFAULT '',
    -- What was committed until then is in it.
    until timestamptz,
    files jsonb NOT NULL DEFAULT '[]',
    error text,
    CHECK ((state IN ('waiting', 'done', 'cancelled')) = (next_action_at IS NOT NULL)),
    CHECK (state <> 'done' OR until IS NOT NULL),
    CHECK ((state = 'failed') = (error IS NOT NULL))
);
CREATE INDEX fhir_export_due ON fhir_export (next_action_at) WHERE next_action_at IS NOT NULL;
CREATE INDEX fhir_export_of ON fhir_export (organisation_id, who, asked_at);

-- Whom to tell that there is something new; never what. `looked_until`: until when it was looked.
CREATE TABLE fhir_subscription (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    who uuid NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    criteria text NOT NULL CHECK (length(criteria) <= 500),
    endpoint text NOT NULL CHECK (endpoint LIKE 'https://%'),
    -- Sealed by a key outside the database.
    headers bytea,
    ends_at timestamptz,
    status text NOT NULL DEFAULT 'requested'
        CHECK (status IN ('requested', 'active', 'error', 'off')),
    error text,
    attempts int NOT NULL DEFAULT 0,
    failing_since timestamptz,
    looked_until timestamptz NOT NULL,
    told_at timestamptz,
    created_at timestamptz NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_action_at timestamptz,
    CHECK ((status = 'off') = (next_action_at IS NULL)),
    CHECK ((failing_since IS NULL) = (status IN ('requested', 'active')) OR status = 'off')
);
CREATE INDEX fhir_subscription_due ON fhir_subscription (next_action_at)
    WHERE next_action_at IS NOT NULL;
CREATE INDEX fhir_subscription_of ON fhir_subscription (organisation_id, who);

DO $$ BEGIN
    PERFORM isolate('fhir_export'), isolate('fhir_subscription');
END $$;
GRANT INSERT (id, organisation_id, who, who_name, is_program, request, types, since, asked_at,
    next_action_at) ON fhir_export TO hearthline_app;
GRANT UPDATE (state, next_action_at) ON fhir_export TO hearthline_app;
GRANT INSERT (id, organisation_id, who, reason, criteria, endpoint, headers, ends_at, looked_until,
    created_at, next_action_at), DELETE ON fhir_subscription TO hearthline_app;
