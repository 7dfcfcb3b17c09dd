-- 0018_changes.sql: whoever looks at a list or a patient is told what changed: by ids, no more.

-- Of one organisation's change nobody else is told: the console compares `organisation`.
CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb := jsonb_build_object('organisation', NEW.organisation_id,
        'patient', NEW.patient_id, 'what', TG_TABLE_NAME, 'id', NEW.id);
BEGIN
    IF TG_TABLE_NAME = 'task' THEN
        told := told || jsonb_build_object('queue', NEW.queue);
    END IF;
    PERFORM pg_notify('change', told::text);
    RETURN NULL;
END $$;

CREATE TRIGGER task_is_told AFTER INSERT OR UPDATE ON task
    FOR EACH ROW EXECUTE FUNCTION tell_of_change();
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['snooze', 'note', 'contact_attempt', 'time_entry'] LOOP
        EXECUTE format('CREATE TRIGGER %s_is_told AFTER INSERT OR UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION tell_of_change()', t, t);
    END LOOP;
END $$;

-- A queue in its order, and how much lies in it.
CREATE INDEX task_in_queue ON task (organisation_id, queue, priority,
    (CASE WHEN status = 'requested' THEN coalesce(due_ack_at, due_at) ELSE due_at END), id)
    WHERE status NOT IN ('completed', 'cancelled', 'entered-in-error');
CREATE INDEX task_of_owner ON task (organisation_id, owner_id)
    WHERE owner_id IS NOT NULL AND status NOT IN ('completed', 'cancelled', 'entered-in-error');
