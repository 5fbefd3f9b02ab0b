-- Events, append only. Fixed-width columns first, so that no row is padded. Text compares by bytes,
-- whatever the database's locale. An insert-only table is frozen by the same vacuum that follows
-- the inserts, so that no late one has to visit all of it.
create table events (
    position bigint not null,
    version bigint not null,
    partition smallint not null,
    stream text collate "C" not null,
    topic text collate "C" not null,
    state bytea not null,
    primary key (position),
    unique (stream, version)
) with (autovacuum_freeze_min_age = 0);

-- A reader of a few partitions, or of rare topics, must not walk over all the others.
create index events_partition_position on events (partition, position);
create index events_topic_position on events (topic, position);

-- Answers to commands by idempotency key, written in the transaction of their events.
create table commands (
    caller text collate "C" not null,
    key text collate "C" not null,
    body_hash bytea not null,
    answer text not null,
    status integer not null,
    created_at timestamptz not null default now(),
    primary key (caller, key)
);

-- The epoch that holds a name; writers under an older one are refused.
create table fences (
    name text collate "C" primary key,
    epoch bigint not null
);

-- Settings that are fixed for the life of the store.
create table meta (
    name text collate "C" primary key,
    value text not null
);
