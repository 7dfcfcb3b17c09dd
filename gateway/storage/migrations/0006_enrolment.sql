-- 0006_enrolment.sql: how a hub becomes one: invited by a token, certified, confirmed, renewed.

-- invited: a token is out. enrolled: it has a certificate, and nobody has compared the six digits.
ALTER TABLE hub DROP CONSTRAINT hub_state_check;
ALTER TABLE hub ADD CONSTRAINT hub_state_check
    CHECK (state IN ('invited', 'enrolled', 'active', 'suspended', 'revoked'));
ALTER TABLE hub ALTER COLUMN signing_key DROP NOT NULL;
ALTER TABLE hub ADD CONSTRAINT hub_key_check
    CHECK (signing_key IS NOT NULL OR state IN ('invited', 'revoked'));
ALTER TABLE hub ADD COLUMN enrolled_at timestamptz;
ALTER TABLE hub ADD COLUMN confirmed_at timestamptz;
ALTER TABLE hub ADD COLUMN confirmed_by text;
ALTER TABLE hub ADD COLUMN replaces uuid REFERENCES hub;

-- Every client certificate that a hub was given. Serial: big-endian, without leading zeros; two
-- authorities could choose the same one.
CREATE TABLE certificate (
    issuer text NOT NULL,
    serial bytea NOT NULL CHECK (octet_length(serial) BETWEEN 1 AND 20),
    hub_id uuid NOT NULL REFERENCES hub,
    organisation_id uuid NOT NULL REFERENCES organisation,
    how text NOT NULL CHECK (how IN ('kit', 'enrol', 'renew', 'recover')),
    spki bytea NOT NULL,
    csr_sha256 bytea CHECK (octet_length(csr_sha256) = 32),
    pem text NOT NULL,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL CHECK (not_after > not_before),
    issued_at timestamptz NOT NULL,
    -- The expired certificate that this one was given for: each gives one, once.
    recovers bytea,
    revoked_at timestamptz,
    reason text,
    PRIMARY KEY (issuer, serial),
    CHECK ((how = 'recover') = (recovers IS NOT NULL)),
    CHECK ((revoked_at IS NULL) = (reason IS NULL))
);
CREATE INDEX certificate_of_hub ON certificate (hub_id, not_after);
CREATE INDEX certificate_of_request ON certificate (hub_id, csr_sha256);
CREATE UNIQUE INDEX certificate_recovers_once ON certificate (hub_id, recovers);
-- What a revocation list must name.
CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked_at IS NOT NULL;

-- A technician's claim for one hub: of the token there is only the hash.
CREATE TABLE enrolment_token (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    hub_id uuid NOT NULL REFERENCES hub,
    organisation_id uuid NOT NULL REFERENCES organisation,
    issued_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    used_at timestamptz,
    csr_sha256 bytea CHECK (octet_length(csr_sha256) = 32),
    burnt_at timestamptz,
    burnt_reason text,
    wrong_digits int NOT NULL DEFAULT 0,
    CHECK ((used_at IS NULL) = (csr_sha256 IS NULL)),
    CHECK ((burnt_at IS NULL) = (burnt_reason IS NULL))
);
CREATE INDEX enrolment_token_of_hub ON enrolment_token (hub_id, issued_at);

-- The proof that an installation works: one reading's whole way, kept as it was printed.
CREATE TABLE installation_receipt (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    hub_id uuid NOT NULL REFERENCES hub,
    reading_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES task,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX installation_receipt_of_hub ON installation_receipt (hub_id, made_at);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['certificate', 'enrolment_token', 'installation_receipt'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
