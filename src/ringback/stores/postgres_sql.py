"""What lies in PostgreSQL, and what it does in one statement: the SQL of PostgresStore.

Each statement has a transaction of its own, at the level READ COMMITTED: it sees what was committed before it
began, except for rows that it changes or locks, of which it gets the newest version. Whatever appends to a
run, claims or supersedes it locks its row in `ringback_runs` and raises the row's `version`. So a statement
that finds another version in the row that it has locked than in what it sees knows that others were faster,
and that it can't see all fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing_extensions import LiteralString

__all__ = [
    "ADD",
    "APPEND",
    "BEGIN",
    "CLAIM",
    "CREATING",
    "DUE",
    "EXPIRED_PULSES",
    "EXPIRED_RUNS",
    "EXPIRED_VALUES",
    "FIELDS",
    "FORGET",
    "GET",
    "IS_LATEST",
    "IS_THERE",
    "LATEST",
    "LEAVE",
    "NO_LONGER_LATEST",
    "PULSE",
    "PULSE_OF",
    "PUT",
    "READ",
    "REMOVE",
    "SCHEMA",
    "SUPERSEDE",
    "SWEPT",
    "TELL",
    "THERE",
]

SCHEMA: Final[LiteralString] = """\
CREATE TABLE IF NOT EXISTS ringback_values (
    key text PRIMARY KEY,
    value bytea NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ringback_values_until ON ringback_values (until);
CREATE TABLE IF NOT EXISTS ringback_runs (
    prefix text NOT NULL,
    run text NOT NULL,
    call text NOT NULL,
    latest boolean NOT NULL,
    owner text NOT NULL,
    mailbox text NOT NULL,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    due timestamptz,
    until timestamptz NOT NULL,
    PRIMARY KEY (prefix, run)
);
CREATE UNIQUE INDEX IF NOT EXISTS ringback_runs_latest ON ringback_runs (prefix, call) WHERE latest;
CREATE INDEX IF NOT EXISTS ringback_runs_due ON ringback_runs (prefix, due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS ringback_runs_until ON ringback_runs (until);
CREATE TABLE IF NOT EXISTS ringback_fields (
    prefix text NOT NULL,
    run text NOT NULL,
    field text NOT NULL,
    value bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (prefix, run, field),
    FOREIGN KEY (prefix, run) REFERENCES ringback_runs ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS ringback_pulses (
    prefix text NOT NULL,
    worker text NOT NULL,
    times bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (prefix, worker)
);
CREATE INDEX IF NOT EXISTS ringback_pulses_until ON ringback_pulses (until);
"""
# Workers that start together would make the tables at once, which IF NOT EXISTS doesn't help against.
CREATING: Final = "SELECT pg_advisory_xact_lock(hashtext('ringback_values'))"
THERE: Final = """\
SELECT count(to_regclass(name)) = 4
FROM unnest(ARRAY['ringback_values', 'ringback_runs', 'ringback_fields', 'ringback_pulses']) AS name
"""

ADD: Final = """\
INSERT INTO ringback_values AS kept (key, value, until)
VALUES (%(key)s, %(value)b, now() + %(ttl)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until WHERE kept.until <= now()
"""
PUT: Final = """\
INSERT INTO ringback_values (key, value, until)
VALUES (%(key)s, %(value)b, now() + %(ttl)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until
"""
GET: Final = "SELECT value FROM ringback_values WHERE key = %(key)s AND until > now()"
REMOVE: Final = "DELETE FROM ringback_values WHERE key = %(key)s"

BEGIN: Final = """\
WITH made AS (
    INSERT INTO ringback_runs (prefix, run, call, latest, owner, mailbox, epoch, version, due, until)
    VALUES (
        %(prefix)s, %(run)s, %(call)s, true, %(owner)s, %(mailbox)s, %(epoch)s, 0,
        now() + %(due)s::float8 * interval '1 second', now() + %(ttl)s * interval '1 second'
    )
    ON CONFLICT DO NOTHING
    RETURNING prefix, run
), put AS (
    INSERT INTO ringback_fields (prefix, run, field, value, at)
    SELECT made.prefix, made.run, given.field, given.value, now()
    FROM made, unnest(%(names)s::text[], %(values)b::bytea[]) AS given (field, value)
)
SELECT extract(epoch FROM now())::float8 FROM made
"""
# What was in the way, locked; the row may be another one by the time it is locked, or none.
IS_LATEST: Final = """\
SELECT run, until > clock_timestamp() FROM ringback_runs
WHERE prefix = %(prefix)s AND call = %(call)s AND latest
FOR UPDATE
"""
IS_THERE: Final = """\
SELECT until > clock_timestamp() FROM ringback_runs WHERE prefix = %(prefix)s AND run = %(run)s
"""
FORGET: Final = "DELETE FROM ringback_runs WHERE prefix = %(prefix)s AND run = %(run)s"
NO_LONGER_LATEST: Final = """\
UPDATE ringback_runs SET latest = false WHERE prefix = %(prefix)s AND run = %(latest)s
"""
SUPERSEDE: Final = """\
WITH moved AS (
    INSERT INTO ringback_fields (prefix, run, field, value, at)
    VALUES (%(prefix)s, %(latest)s, 'moved', convert_to(%(run)s, 'UTF8'), now())
    ON CONFLICT DO NOTHING
)
UPDATE ringback_runs SET latest = false, epoch = epoch + 1, version = version + 1
WHERE prefix = %(prefix)s AND run = %(latest)s
RETURNING CASE WHEN %(note)s::text <> '' THEN pg_notify(mailbox, %(note)s::text)::text END
"""

APPEND: Final = """\
WITH seen AS (
    SELECT version FROM ringback_runs WHERE prefix = %(prefix)s AND run = %(run)s
), locked AS MATERIALIZED (
    SELECT owner, mailbox, epoch, version FROM ringback_runs
    WHERE prefix = %(prefix)s AND run = %(run)s AND until > now()
    FOR UPDATE
), put AS (
    INSERT INTO ringback_fields (prefix, run, field, value, at)
    SELECT %(prefix)s, %(run)s, %(field)s, %(value)b, clock_timestamp() FROM locked
    WHERE %(fact)s OR epoch = %(epoch)s
    ON CONFLICT DO NOTHING
    RETURNING at
), renewed AS (
    UPDATE ringback_runs SET
        version = version + 1,
        until = put.at + %(ttl)s * interval '1 second',
        due = CASE WHEN %(leave_due)s THEN due ELSE put.at + %(due)s::float8 * interval '1 second' END
    FROM put
    WHERE prefix = %(prefix)s AND run = %(run)s
    RETURNING (
        SELECT count(pg_notify(box, %(note)s::text)::text)
        FROM unnest(CASE WHEN %(fact)s THEN array_append(%(wake)s::text[], mailbox) ELSE %(wake)s::text[] END)
            AS box
        WHERE %(note)s::text <> ''
    )
)
SELECT
    locked.owner, locked.epoch, locked.version = seen.version, (SELECT count(*) FROM renewed),
    (SELECT extract(epoch FROM at)::float8 FROM put),
    kept.field, kept.value, extract(epoch FROM kept.at)::float8
FROM locked CROSS JOIN seen LEFT JOIN ringback_fields AS kept
    ON kept.prefix = %(prefix)s AND kept.run = %(run)s AND kept.field = ANY(%(want)s::text[])
"""
FIELDS: Final = """\
SELECT field, value, extract(epoch FROM at)::float8 FROM ringback_fields
WHERE prefix = %(prefix)s AND run = %(run)s AND field = ANY(%(want)s::text[])
"""
READ: Final = """\
SELECT
    run.call, run.owner, run.epoch, extract(epoch FROM clock_timestamp())::float8,
    kept.field, kept.value, extract(epoch FROM kept.at)::float8
FROM ringback_runs AS run LEFT JOIN ringback_fields AS kept USING (prefix, run)
WHERE run.prefix = %(prefix)s AND run.run = %(run)s AND run.until > now()
"""
CLAIM: Final = """\
UPDATE ringback_runs SET
    owner = %(me)s, mailbox = %(mailbox)s, epoch = epoch + 1, version = version + 1,
    until = clock_timestamp() + %(ttl)s * interval '1 second'
WHERE prefix = %(prefix)s AND run = %(run)s AND epoch = %(epoch)s AND until > now()
"""
LATEST: Final = """\
SELECT run FROM ringback_runs
WHERE prefix = %(prefix)s AND call = %(call)s AND latest AND until > now()
"""
DUE: Final = """\
WITH taken AS (
    SELECT run, due FROM ringback_runs
    WHERE prefix = %(prefix)s AND due <= now() AND until > now()
    ORDER BY due LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
), put_off AS (
    UPDATE ringback_runs AS runs SET due = clock_timestamp() + %(again)s * interval '1 second'
    FROM taken
    WHERE runs.prefix = %(prefix)s AND runs.run = taken.run
    RETURNING runs.run, taken.due
)
SELECT run FROM put_off ORDER BY due
"""

PULSE: Final = """\
INSERT INTO ringback_pulses AS last (prefix, worker, times, until)
VALUES (%(prefix)s, %(worker)s, 1, clock_timestamp() + %(ttl)s * interval '1 second')
ON CONFLICT (prefix, worker) DO UPDATE SET
    times = CASE WHEN last.until > now() THEN last.times + 1 ELSE 1 END, until = excluded.until
"""
PULSE_OF: Final = """\
SELECT times FROM ringback_pulses WHERE prefix = %(prefix)s AND worker = %(worker)s AND until > now()
"""
LEAVE: Final = "DELETE FROM ringback_pulses WHERE prefix = %(prefix)s AND worker = %(worker)s"
TELL: Final = "SELECT pg_notify(%(mailbox)s::text, %(note)s::text)::text"

# A run's fields go with it.
SWEPT: Final = 200
EXPIRED_RUNS: Final = """\
DELETE FROM ringback_runs WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ringback_runs WHERE until <= now() LIMIT 200 FOR UPDATE SKIP LOCKED
))
"""
EXPIRED_PULSES: Final = """\
DELETE FROM ringback_pulses WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ringback_pulses WHERE until <= now() LIMIT 200 FOR UPDATE SKIP LOCKED
))
"""
EXPIRED_VALUES: Final = """\
DELETE FROM ringback_values WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ringback_values WHERE until <= now() LIMIT 200 FOR UPDATE SKIP LOCKED
))
"""
