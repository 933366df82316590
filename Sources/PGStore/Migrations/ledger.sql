-- What was done to this database, and by which text. No migration: each run makes it if it is not there.
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    version integer PRIMARY KEY CHECK (version > 0),
    name text NOT NULL,
    checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A node looks whether the schema is the one that it was built for.
GRANT SELECT ON public.schema_migrations TO PUBLIC;
