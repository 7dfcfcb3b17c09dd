-- 0010_programmes.sql: programmes with their packs, who signed packs off, limits on three levels.

-- What an organisation shows and types: a unit by quantity, as {"glucose": "mmol/L"}.
ALTER TABLE organisation ADD COLUMN units jsonb NOT NULL DEFAULT '{}';

-- A clinician answers for the content of a pack, in one organisation.
CREATE TABLE pack_approval (
    organisation_id uuid NOT NULL REFERENCES organisation,
    pack text NOT NULL,
    version int NOT NULL,
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    clinician text NOT NULL CHECK (clinician <> ''),
    role text NOT NULL CHECK (role <> ''),
    author text NOT NULL,
    approved_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, pack, sha256)
);

CREATE TABLE programme (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL REFERENCES organisation,
    key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]*$'),
    title text NOT NULL,
    packs text[] NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (organisation_id, key)
);

CREATE TABLE programme_member (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    programme_id uuid NOT NULL REFERENCES programme,
    patient_id uuid NOT NULL REFERENCES patient,
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    author text NOT NULL,
    reason text NOT NULL CHECK (length(reason) >= 3)
);
CREATE UNIQUE INDEX programme_member_once ON programme_member (patient_id, programme_id)
    WHERE until IS NULL;

-- Without patient and programme, a limit holds for the organisation.
ALTER TABLE rule_override ALTER COLUMN patient_id DROP NOT NULL;
ALTER TABLE rule_override ADD COLUMN programme_id uuid REFERENCES programme;
ALTER TABLE rule_override ADD COLUMN changes jsonb NOT NULL DEFAULT '{}';
UPDATE rule_override SET changes = jsonb_build_object('bands', bands);
ALTER TABLE rule_override DROP COLUMN bands;
ALTER TABLE rule_override ADD COLUMN off boolean NOT NULL DEFAULT false;
ALTER TABLE rule_override ADD COLUMN final boolean NOT NULL DEFAULT false;
ALTER TABLE rule_override ADD CHECK (patient_id IS NULL OR programme_id IS NULL);
CREATE INDEX override_of_organisation ON rule_override (organisation_id, rule_key)
    WHERE patient_id IS NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['pack_approval', 'programme', 'programme_member'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
END $$;
