-- 0002_series.sql: readings over time. Hypertables where TimescaleDB is loaded, else native
-- range partitions by month; the columns, and all that is asked of them, are the same.

-- A reading is one for ever, by what its device said (docs/adr/0004): uniqueness cannot live in
-- the series tables, whose unique indexes would need the corrected time.
CREATE TABLE identity (
    reading_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    measured_at timestamptz NOT NULL
);

CREATE FUNCTION series_kind() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
        THEN 'hypertable' ELSE 'partition' END
$$;

-- Make room for rows of these moments; TimescaleDB does it by itself.
CREATE FUNCTION series_make_room(moments timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz;
    series text;
    part text;
BEGIN
    IF series_kind() = 'hypertable' THEN
        RETURN;
    END IF;
    FOR month IN SELECT DISTINCT date_trunc('month', m, 'UTC') FROM unnest(moments) AS m LOOP
        FOREACH series IN ARRAY ARRAY['reading', 'reading_value'] LOOP
            part := format('%s_%s', series, to_char(month AT TIME ZONE 'UTC', 'YYYYMM'));
            IF to_regclass(part) IS NULL THEN
                PERFORM pg_advisory_xact_lock(hashtextextended('series_make_room', 0));
                CONTINUE WHEN to_regclass(part) IS NOT NULL; -- made while we waited for the lock
                -- Attached, not created as a partition: that would wait for every reader.
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, series);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    series, part, month,
                    (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
            END IF;
        END LOOP;
    END LOOP;
END $$;

DO $$
DECLARE
    loaded boolean := current_setting('shared_preload_libraries') LIKE '%timescaledb%';
    how text := 'PARTITION BY RANGE (measured_at)';
BEGIN
    IF loaded AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        how := '';
    END IF;
    EXECUTE format($table$
        CREATE TABLE reading (
            id uuid NOT NULL,
            organisation_id uuid NOT NULL,
            patient_id uuid NOT NULL,
            device_id uuid NOT NULL,
            hub_id uuid NOT NULL,
            epoch bigint NOT NULL,
            seq bigint NOT NULL,
            kind text NOT NULL,
            measured_at timestamptz NOT NULL,
            device_time text,
            basis text NOT NULL,
            validity text NOT NULL,
            flags text[] NOT NULL,
            received_at timestamptz NOT NULL,
            decoded_at timestamptz,
            stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            body jsonb NOT NULL,
            PRIMARY KEY (id, measured_at)
        ) %s $table$, how);
    EXECUTE format($table$
        CREATE TABLE reading_value (
            reading_id uuid NOT NULL,
            organisation_id uuid NOT NULL,
            patient_id uuid NOT NULL,
            measured_at timestamptz NOT NULL,
            ordinal smallint NOT NULL,
            name text NOT NULL,
            mdc int NOT NULL,
            number numeric,
            unit text NOT NULL,
            absent text,
            validity text NOT NULL,
            PRIMARY KEY (reading_id, ordinal, measured_at)
        ) %s $table$, how);
    CREATE INDEX reading_of_patient ON reading (organisation_id, patient_id, measured_at DESC);
    CREATE INDEX value_of_patient ON reading_value (patient_id, name, measured_at DESC);
    IF how = '' THEN
        PERFORM create_hypertable('reading', 'measured_at', chunk_time_interval => interval '1 month');
        PERFORM create_hypertable('reading_value', 'measured_at', chunk_time_interval => interval '1 month');
        ALTER TABLE reading_value SET (timescaledb.enable_columnstore,
            timescaledb.segmentby = 'patient_id', timescaledb.orderby = 'measured_at');
    END IF;
END $$;
