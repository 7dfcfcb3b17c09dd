-- 0005_technical.sql: what hubs say is wrong with a device becomes a technical task, one at a time.

-- `problems`: a word by device. `unseen`: they changed, and the worker has not looked.
ALTER TABLE hub_status ADD COLUMN problems jsonb NOT NULL DEFAULT '{}';
ALTER TABLE hub_status ADD COLUMN unseen boolean NOT NULL DEFAULT false;
CREATE INDEX hub_status_unseen ON hub_status (hub_id) WHERE unseen;

ALTER TABLE task ADD COLUMN device_id uuid REFERENCES device;
CREATE UNIQUE INDEX task_device_once ON task (device_id, rule_key)
    WHERE device_id IS NOT NULL AND status NOT IN ('completed', 'cancelled', 'entered-in-error');
