-- 0001_core.sql: who and what there is, what arrived, and what became of it.

CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE patient (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    name text NOT NULL,
    timezone text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX patient_of_organisation ON patient (organisation_id, id);

CREATE TABLE hub (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    name text NOT NULL,
    timezone text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'revoked')),
    suite smallint NOT NULL CHECK (suite IN (1, 2)),
    signing_key bytea NOT NULL CHECK (octet_length(signing_key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX hub_of_organisation ON hub (organisation_id, id);

CREATE TABLE device (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    address text NOT NULL,
    profile text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, address)
);

-- Which hub may speak for a device, and when.
CREATE TABLE pairing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    hub_id uuid NOT NULL REFERENCES hub,
    device_id uuid NOT NULL REFERENCES device,
    valid tstzrange NOT NULL CHECK (NOT isempty(valid))
);
CREATE INDEX pairing_of_device ON pairing (device_id, hub_id);

-- Whose readings a device takes, and when. No slot: the device has one user, whatever slot it says.
CREATE TABLE assignment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    device_id uuid NOT NULL REFERENCES device,
    user_slot smallint,
    patient_id uuid NOT NULL REFERENCES patient,
    valid tstzrange NOT NULL CHECK (NOT isempty(valid))
);
CREATE INDEX assignment_of_device ON assignment (device_id);

-- A person is never guessed: at one moment a device, or a slot of it, belongs to one patient.
-- A trigger, since the embedded PostgreSQL comes without btree_gist for an exclusion constraint.
CREATE FUNCTION assignment_is_unambiguous() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.device_id::text, 0));
    IF EXISTS (
        SELECT FROM assignment a
        WHERE a.device_id = NEW.device_id AND a.id <> NEW.id AND a.valid && NEW.valid
          AND (a.user_slot IS NULL OR NEW.user_slot IS NULL OR a.user_slot = NEW.user_slot)
    ) THEN
        RAISE EXCEPTION 'this device already belongs to a patient in that time'
            USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assignment_is_unambiguous BEFORE INSERT OR UPDATE ON assignment
    FOR EACH ROW EXECUTE FUNCTION assignment_is_unambiguous();

-- One row per envelope that is receipted, but for a hub's status, which comes every minute and
-- replaces the one before: replay is told by it, custody is counted from it.
CREATE TABLE envelope (
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    organisation_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    kind text NOT NULL CHECK (kind IN ('raw', 'reading', 'gap', 'unknown')),
    disposition text NOT NULL
        CHECK (disposition IN ('stored', 'duplicate', 'quarantined', 'noted')),
    reason text,
    reading_id uuid,
    sealed_at timestamptz,
    sent_at timestamptz,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (hub_id, epoch, seq)
);
CREATE INDEX envelope_of_reading ON envelope (reading_id) WHERE reading_id IS NOT NULL;
CREATE INDEX envelope_recent ON envelope (stored_at);
CREATE INDEX envelope_by_time ON envelope (organisation_id, hub_id, received_at);

-- Every seq of a hub is accounted for once: stored, superseded, or told as a gap. `missing` is what
-- the hub holds no more and nobody accounts for: its receipts go on, custody names it.
CREATE TABLE ledger (
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    organisation_id uuid NOT NULL,
    accounted int8multirange NOT NULL DEFAULT '{}',
    missing int8multirange NOT NULL DEFAULT '{}',
    highest bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hub_id, epoch)
);

CREATE TABLE gap (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL,
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    seqs int8multirange NOT NULL,
    reason text NOT NULL,
    told_at timestamptz NOT NULL
);
CREATE INDEX gap_of_hub ON gap (hub_id, told_at);

-- What arrived but is not accepted. The envelope stays sealed, as it came.
CREATE TABLE quarantine (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid,
    hub_id uuid,
    epoch bigint,
    seq bigint,
    topic text NOT NULL,
    envelope bytea NOT NULL,
    sha256 bytea NOT NULL,
    reason text NOT NULL,
    receipted boolean NOT NULL,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'released')),
    times_seen int NOT NULL DEFAULT 1,
    attempts int NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    released_at timestamptz
);
-- By the topic's hash: a topic may be longer than an index row, and must not stop ingest.
CREATE UNIQUE INDEX quarantine_once ON quarantine (sha256, md5(topic));
CREATE INDEX quarantine_held ON quarantine (organisation_id, received_at) WHERE state = 'held';

CREATE TABLE security_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid,
    hub_id uuid,
    event text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE hub_status (
    hub_id uuid PRIMARY KEY REFERENCES hub,
    organisation_id uuid NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    told_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL
);

-- The duty to evaluate a stored reading: written with it, deleted with its evaluation.
CREATE TABLE duty (
    reading_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    patient_id uuid NOT NULL REFERENCES patient,
    measured_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX duty_of_patient ON duty (patient_id);
