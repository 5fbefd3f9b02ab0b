-- Aggregates folded up to a version, so that a long history need not be read to go on. A cache:
-- it may be emptied at any time, and `code` tells whether the folding has changed since.
create table aggregate_states (
    stream text collate "C" primary key,
    version bigint not null,
    code text not null,
    state jsonb not null
);
