-- 0004_isolation.sql: the app role sees the rows of one organisation, the transaction's.
-- Ordinary tables have row security, forced; series are seen through security-barrier views, since
-- TimescaleDB's columnstore and row security exclude each other.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hearthline_app') THEN
        CREATE ROLE hearthline_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server was migrated at the same moment
END $$;

-- One argument: an organisation that was never set is an error, not an empty answer.
CREATE FUNCTION app_organisation() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT current_setting('app.org')::uuid
$$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['patient', 'hub', 'device', 'pairing', 'assignment', 'envelope',
        'ledger', 'gap', 'quarantine', 'hub_status', 'duty', 'alert', 'alert_reading',
        'alert_event', 'task', 'rule_override', 'evaluation'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY of_organisation ON %I TO hearthline_app
            USING (organisation_id = app_organisation())', t);
        EXECUTE format('CREATE POLICY of_the_gateway ON %I TO CURRENT_USER USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO hearthline_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['reading', 'reading_value'] LOOP
        EXECUTE format('CREATE VIEW app_%s WITH (security_barrier) AS
            SELECT * FROM %I WHERE organisation_id = app_organisation()', t, t);
        EXECUTE format('GRANT SELECT ON app_%s TO hearthline_app', t);
    END LOOP;
END $$;
ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation FORCE ROW LEVEL SECURITY;
CREATE POLICY of_organisation ON organisation TO hearthline_app USING (id = app_organisation());
CREATE POLICY of_the_gateway ON organisation TO CURRENT_USER USING (true);
GRANT SELECT ON organisation TO hearthline_app;
