-- 0019_together.sql: what belongs to an organisation refers to things of the same one only.

-- A foreign key looks past row security: by an id alone, the app role could give its organisation's
-- row another's patient. So each names the organisation, too. Only those that the app role writes:
-- the gateway's own are written from what was read of one organisation.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT c.conname, c.conrelid::regclass AS t, a.attname AS col, c.confrelid::regclass AS other,
            b.attname AS id, c.confrelid,
            (SELECT array_agg(k ORDER BY k) FROM unnest(ARRAY[b.attnum, o.attnum]) k) AS pair
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
        JOIN pg_attribute o ON o.attrelid = c.confrelid AND o.attname = 'organisation_id'
        WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.confdeltype = 'a'
          AND (has_column_privilege('hearthline_app', c.conrelid, a.attnum, 'INSERT')
               OR has_column_privilege('hearthline_app', c.conrelid, a.attnum, 'UPDATE'))
          AND EXISTS (SELECT FROM pg_attribute w WHERE w.attrelid = c.conrelid
                      AND w.attname = 'organisation_id')
        ORDER BY c.conrelid::regclass::text, a.attname
    LOOP
        IF NOT EXISTS (
            SELECT FROM pg_constraint u WHERE u.conrelid = f.confrelid AND u.contype IN ('u', 'p')
              AND (SELECT array_agg(k ORDER BY k) FROM unnest(u.conkey) k) = f.pair
        ) THEN
            EXECUTE format('ALTER TABLE %s ADD UNIQUE (organisation_id, %I)', f.other, f.id);
        END IF;
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', f.t, f.conname);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (organisation_id, %I)
            REFERENCES %s (organisation_id, %I)', f.t, f.conname, f.col, f.other, f.id);
    END LOOP;
END $$;
