-- 0007_revocation.sql: hubs that are shut out, step by step, and which sealing key each hub uses.

-- Asked for once; a command that was killed goes on with the steps that have no row.
CREATE TABLE revocation (
    hub_id uuid PRIMARY KEY REFERENCES hub,
    organisation_id uuid NOT NULL REFERENCES organisation,
    reason text NOT NULL,
    actor text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE revocation_step (
    hub_id uuid NOT NULL REFERENCES revocation,
    organisation_id uuid NOT NULL REFERENCES organisation,
    step text NOT NULL CHECK (step IN ('refused', 'listed', 'reloaded', 'kicked', 'proved')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    detail text NOT NULL,
    PRIMARY KEY (hub_id, step)
);

-- What the revocation list has besides `certificate`: those that the gateway made in a revoked hub's
-- name, to take its session over and to see that the broker refuses them.
CREATE TABLE burnt_certificate (
    serial bytea PRIMARY KEY CHECK (octet_length(serial) BETWEEN 1 AND 20),
    hub_id uuid NOT NULL REFERENCES hub,
    organisation_id uuid NOT NULL REFERENCES organisation,
    not_after timestamptz NOT NULL,
    burnt_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The first place in a hub's sequence that was sealed to a key: what lies before it may still come
-- sealed to an older one, which therefore has to stay.
CREATE TABLE key_use (
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    kid bytea NOT NULL CHECK (octet_length(kid) = 4),
    organisation_id uuid NOT NULL REFERENCES organisation,
    first_seq bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (hub_id, epoch, kid)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['revocation', 'revocation_step', 'burnt_certificate', 'key_use'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
