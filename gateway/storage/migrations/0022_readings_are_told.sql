-- 0022_readings_are_told.sql: whoever looks at a patient is told that readings came: by ids, no more.

-- Once they are evaluated, so that charts and alerts move together; once for each patient of a batch,
-- by statement: the way of a reading from the hub to its receipt pays nothing for it.
CREATE FUNCTION tell_of_readings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('change', jsonb_build_object('organisation', n.organisation_id,
        'patient', n.patient_id, 'what', 'reading', 'id', n.reading_id)::text)
    FROM (SELECT DISTINCT ON (patient_id) organisation_id, patient_id, reading_id FROM news
          ORDER BY patient_id, measured_at DESC) AS n;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION tell_of_readings FROM PUBLIC;

CREATE TRIGGER reading_is_told AFTER INSERT ON evaluation REFERENCING NEW TABLE AS news
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_readings();
CREATE TRIGGER reading_is_told_again AFTER UPDATE ON evaluation REFERENCING NEW TABLE AS news
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_readings();
