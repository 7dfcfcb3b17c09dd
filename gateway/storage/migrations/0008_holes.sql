-- 0008_holes.sql: hubs with sequence numbers that nobody accounts for, since when that is known.

-- One row while a hub's epoch has some; it goes when the last of them is accounted for.
CREATE TABLE hole (
    hub_id uuid NOT NULL REFERENCES hub,
    epoch bigint NOT NULL,
    organisation_id uuid NOT NULL REFERENCES organisation,
    noticed_at timestamptz NOT NULL,
    task_id uuid REFERENCES task,
    PRIMARY KEY (hub_id, epoch)
);
ALTER TABLE hole ENABLE ROW LEVEL SECURITY;
ALTER TABLE hole FORCE ROW LEVEL SECURITY;
CREATE POLICY of_organisation ON hole TO hearthline_app
    USING (organisation_id = app_organisation());
CREATE POLICY of_the_gateway ON hole TO CURRENT_USER USING (true);
GRANT SELECT ON hole TO hearthline_app;
