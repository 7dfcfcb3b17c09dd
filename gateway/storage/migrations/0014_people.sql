-- 0014_people.sql: people, programs, what they may, and how they sign in.

-- What signs somebody in is read by a role of its own: a query of the application, whatever is
-- wrong with it, reaches no hash, no session and no secret. That role may do what the application
-- may besides, so that a change of a role and its record are one transaction.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hearthline_access') THEN
        CREATE ROLE hearthline_access NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server was migrated at the same moment
END $$;
DO $$
DECLARE
    how text := CASE WHEN current_setting('server_version_num')::int >= 160000
        THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
BEGIN
    IF NOT pg_has_role('hearthline_access', 'hearthline_app', 'MEMBER') THEN
        GRANT hearthline_app TO hearthline_access;
    END IF;
    -- So that a program that has the owner's URL only can put the owner's rights down.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE 'GRANT hearthline_app, hearthline_access TO CURRENT_USER' || how;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    -- Another owner of this server made the roles: the console then needs URLs of theirs.
    RAISE NOTICE 'the roles hearthline_app and hearthline_access are not ours to put on';
END $$;

CREATE TABLE person (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL CHECK (email = lower(email) AND email <> ''),
    language text NOT NULL DEFAULT 'en',
    zone text NOT NULL DEFAULT 'UTC',
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);
CREATE UNIQUE INDEX person_by_email ON person (email);

CREATE TABLE membership (
    organisation_id uuid NOT NULL REFERENCES organisation,
    person_id uuid NOT NULL REFERENCES person,
    role text NOT NULL CHECK (role IN
        ('coordinator', 'clinician', 'technician', 'administrator', 'auditor')),
    since timestamptz NOT NULL DEFAULT now(),
    given_by uuid REFERENCES person,
    PRIMARY KEY (organisation_id, person_id, role)
);
CREATE INDEX membership_of_person ON membership (person_id);

-- argon2id, with its parameters.
CREATE TABLE password (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    hash text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- The secret is sealed by a key outside the database. A step is taken once (RFC 6238, 5.2).
CREATE TABLE totp (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL
);

CREATE TABLE passkey (
    handle bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    name text NOT NULL,
    public_key bytea NOT NULL,
    counter bigint NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX passkey_of_person ON passkey (person_id);

CREATE TABLE recovery_code (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    used_at timestamptz
);
CREATE INDEX recovery_code_of_person ON recovery_code (person_id);

-- Who somebody is at a provider of sign-in (OpenID Connect Core 1.0, 2: issuer and subject).
CREATE TABLE oidc_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE session (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES organisation,
    by text NOT NULL CHECK (by IN ('password', 'oidc', 'passkey', 'link')),
    agent text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    second_at timestamptz,  -- when a second factor was shown last
    ended_at timestamptz
);
CREATE INDEX session_of_person ON session (person_id, seen_at);

-- One-time links: the first administrator, an invitation, a new password.
CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    kind text NOT NULL CHECK (kind IN ('first', 'invite', 'reset')),
    organisation_id uuid REFERENCES organisation,
    person_id uuid REFERENCES person ON DELETE CASCADE,
    name text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    roles text[] NOT NULL DEFAULT '{}',
    made_by uuid REFERENCES person,
    created_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK (kind <> 'reset' OR person_id IS NOT NULL),
    CHECK (kind <> 'invite' OR organisation_id IS NOT NULL)
);

-- Tries to sign in, for limits by account and by address. Both as digests under a key of the site.
CREATE TABLE sign_in_try (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account bytea NOT NULL,
    address bytea NOT NULL,
    failed boolean NOT NULL
);
CREATE INDEX sign_in_try_of_account ON sign_in_try (account, at);
CREATE INDEX sign_in_try_of_address ON sign_in_try (address, at);

-- What stands between two requests of one sign-in: a challenge, the state of OpenID Connect, who
-- has given a password and not yet a second factor.
CREATE TABLE ceremony (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    kind text NOT NULL,
    person_id uuid REFERENCES person ON DELETE CASCADE,
    body jsonb NOT NULL,
    ends_at timestamptz NOT NULL
);

CREATE TABLE program (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    name text NOT NULL CHECK (name <> ''),
    rights text[] NOT NULL,
    made_by uuid REFERENCES person,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE INDEX program_of_organisation ON program (organisation_id, id);

-- A key is shown as it is, a secret for tokens, a token for an hour.
CREATE TABLE program_secret (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    program_id uuid NOT NULL REFERENCES program ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('key', 'secret', 'token')),
    rights text[] NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX program_secret_of_program ON program_secret (program_id, kind);

-- A restricted patient's record, opened with a reason, for an hour, and looked at afterwards.
CREATE TABLE break_glass (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL REFERENCES patient,
    person_id uuid NOT NULL REFERENCES person,
    reason text NOT NULL CHECK (length(reason) >= 10),
    at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reviewed_by uuid REFERENCES person,
    reviewed_at timestamptz,
    verdict text CHECK (verdict IN ('in order', 'to be followed up')),
    note text NOT NULL DEFAULT '',
    CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL AND verdict IS NULL)),
    CHECK (reviewed_by <> person_id)
);
CREATE INDEX break_glass_of_patient ON break_glass (organisation_id, patient_id, person_id, ends_at);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['membership', 'program', 'break_glass', 'session', 'invitation'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['membership', 'program', 'break_glass'] LOOP
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
    -- Who signs in is in no organisation yet.
    FOREACH t IN ARRAY ARRAY['membership', 'program', 'session', 'invitation'] LOOP
        EXECUTE format('CREATE POLICY of_access ON %I TO hearthline_access USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['person', 'membership', 'password', 'totp', 'passkey', 'recovery_code',
        'oidc_identity', 'session', 'invitation', 'sign_in_try', 'ceremony', 'program',
        'program_secret'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO hearthline_access', t);
    END LOOP;
END $$;
CREATE POLICY names_of_organisations ON organisation TO hearthline_access USING (true);
GRANT INSERT ON organisation TO hearthline_access;  -- the first administrator names it
GRANT INSERT ON break_glass TO hearthline_access;   -- after a second factor
GRANT UPDATE (reviewed_by, reviewed_at, verdict, note) ON break_glass TO hearthline_app;
GRANT SELECT ON _yoyo_migration TO hearthline_access;

-- Colleagues: whoever has a role here.
CREATE VIEW app_person WITH (security_barrier) AS
    SELECT m.organisation_id, p.id, p.name, p.email, p.language, p.zone, p.demo, p.disabled_at,
           array_agg(m.role ORDER BY m.role) AS roles, min(m.since) AS since
    FROM membership m JOIN person p ON p.id = m.person_id
    WHERE m.organisation_id = app_organisation()
    GROUP BY m.organisation_id, p.id;
GRANT SELECT ON app_person TO hearthline_app;
