-- 0016_registration.sql: who a patient is, what they agreed to, whom to call, who cares for them.

-- So that a row of one organisation names a patient of the same one: row security does not look
-- at foreign keys.
DROP INDEX patient_of_organisation;
ALTER TABLE patient ADD CONSTRAINT patient_of_organisation UNIQUE (organisation_id, id);

CREATE TABLE care_team (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    name text NOT NULL CHECK (name <> '' AND length(name) <= 200),
    version int NOT NULL DEFAULT 1,
    created_by text NOT NULL CHECK (created_by <> ''),
    created_at timestamptz NOT NULL,
    UNIQUE (organisation_id, id)
);
CREATE UNIQUE INDEX care_team_by_name ON care_team (organisation_id, lower(name));

-- Who was in it when stays on record.
CREATE TABLE care_team_member (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    care_team_id uuid NOT NULL,
    person_id uuid NOT NULL REFERENCES person,
    function text NOT NULL CHECK (function IN ('lead', 'physician', 'nurse', 'coordinator',
        'pharmacist', 'dietitian', 'therapist', 'social_worker', 'technician', 'other')),
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    FOREIGN KEY (organisation_id, care_team_id) REFERENCES care_team (organisation_id, id)
);
CREATE UNIQUE INDEX care_team_member_once ON care_team_member (care_team_id, person_id)
    WHERE until IS NULL;
CREATE INDEX care_team_of_person ON care_team_member (organisation_id, person_id)
    WHERE until IS NULL;

-- `name` is what screens and lists show. Who was added by one name only has no other.
ALTER TABLE patient
    ADD COLUMN given_name text,
    ADD COLUMN family_name text,
    ADD COLUMN birth_date date,
    -- As the clinic's own system has it.
    ADD COLUMN external_id text CHECK (external_id <> ''),
    ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}$'),
    -- E.164, the first is called first.
    ADD COLUMN phones text[] NOT NULL DEFAULT '{}'
        CHECK (cardinality(phones) <= 3 AND array_position(phones, NULL) IS NULL),
    ADD COLUMN channel text NOT NULL DEFAULT 'telephone'
        CHECK (channel IN ('telephone', 'video', 'message')),
    -- Where an ambulance is sent, and how it gets in.
    ADD COLUMN address text NOT NULL DEFAULT '' CHECK (length(address) <= 500),
    ADD COLUMN care_team_id uuid,
    -- Seen by the care team only.
    ADD COLUMN restricted boolean NOT NULL DEFAULT false,
    ADD COLUMN version int NOT NULL DEFAULT 1,
    ADD COLUMN changed_by text,
    ADD COLUMN changed_at timestamptz,
    ADD CONSTRAINT patient_of_team FOREIGN KEY (organisation_id, care_team_id)
        REFERENCES care_team (organisation_id, id),
    ADD CHECK (NOT restricted OR care_team_id IS NOT NULL),
    ADD CHECK ((changed_by IS NULL) = (changed_at IS NULL));
CREATE UNIQUE INDEX patient_by_external_id ON patient (organisation_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX patient_by_birth_date ON patient (organisation_id, birth_date)
    WHERE birth_date IS NOT NULL;
CREATE INDEX patient_of_care_team ON patient (care_team_id) WHERE care_team_id IS NOT NULL;

CREATE TABLE emergency_contact (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place > 0),
    name text NOT NULL CHECK (name <> '' AND length(name) <= 200),
    relation text NOT NULL CHECK (relation IN ('partner', 'child', 'parent', 'sibling', 'relative',
        'friend', 'neighbour', 'carer', 'other')),
    phone text NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    UNIQUE (patient_id, place),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);

-- One agreement, from when it was given until it was withdrawn. Neither is ever changed.
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation,
    patient_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('monitoring')),
    given_at timestamptz NOT NULL,
    how text NOT NULL CHECK (how IN ('verbal', 'written')),
    -- Who said yes: the patient, or somebody who may for them.
    given_by text NOT NULL CHECK (given_by IN ('patient', 'representative')),
    representative text CHECK (representative <> ''),
    text_version text NOT NULL CHECK (text_version <> ''),
    language text NOT NULL,
    recorded_by_id uuid,
    recorded_by text NOT NULL CHECK (recorded_by <> ''),
    recorded_at timestamptz NOT NULL,
    withdrawn_at timestamptz CHECK (withdrawn_at >= given_at),
    withdrawn_how text CHECK (withdrawn_how IN ('verbal', 'written')),
    withdrawal_recorded_by_id uuid,
    withdrawal_recorded_by text,
    withdrawal_recorded_at timestamptz,
    CHECK ((given_by = 'representative') = (representative IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_how IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawal_recorded_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawal_recorded_at IS NULL)),
    FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE UNIQUE INDEX consent_once ON consent (patient_id, kind) WHERE withdrawn_at IS NULL;
CREATE INDEX consent_of_patient ON consent (patient_id, given_at);

-- In whose home it stands: its devices are theirs, unless somebody says otherwise.
ALTER TABLE hub
    ADD COLUMN patient_id uuid,
    ADD CONSTRAINT hub_of_patient FOREIGN KEY (organisation_id, patient_id)
        REFERENCES patient (organisation_id, id);
CREATE INDEX hub_by_patient ON hub (patient_id) WHERE patient_id IS NOT NULL;

-- What a held envelope is about, as far as ingest could open it: never a value. The console has no
-- key that opens readings: it asks, and ingest tries it again.
ALTER TABLE quarantine
    ADD COLUMN device_id uuid,
    ADD COLUMN user_slot smallint,
    ADD COLUMN measured_at timestamptz,
    ADD COLUMN again_at timestamptz,
    ADD COLUMN again_by text,
    ADD CHECK ((again_at IS NULL) = (again_by IS NULL));
CREATE INDEX quarantine_again ON quarantine (again_at) WHERE again_at IS NOT NULL;

DO $$ BEGIN
    PERFORM isolate('care_team'), isolate('care_team_member'), isolate('emergency_contact'),
        isolate('consent');
END $$;
GRANT INSERT ON care_team, care_team_member, emergency_contact, consent TO hearthline_app;
GRANT INSERT ON patient TO hearthline_app;
GRANT UPDATE (name, given_name, family_name, birth_date, external_id, language, timezone, phones,
    channel, address, care_team_id, restricted, version, changed_by, changed_at) ON patient
    TO hearthline_app;
GRANT UPDATE (name, version) ON care_team TO hearthline_app;
GRANT UPDATE (until) ON care_team_member TO hearthline_app;
GRANT DELETE ON emergency_contact TO hearthline_app;
GRANT UPDATE (withdrawn_at, withdrawn_how, withdrawal_recorded_by_id, withdrawal_recorded_by,
    withdrawal_recorded_at) ON consent TO hearthline_app;
GRANT UPDATE (again_at, again_by) ON quarantine TO hearthline_app;
GRANT UPDATE (patient_id) ON hub TO hearthline_app;
GRANT INSERT ON installation_receipt, revocation, revocation_step TO hearthline_app;
GRANT UPDATE (at, detail) ON revocation_step TO hearthline_app;
