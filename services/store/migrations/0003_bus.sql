-- Which store this is, for ever: what is published elsewhere says so.
insert into meta (name, value) values ('store_id', gen_random_uuid()::text);

-- What each slot of the relay last said of itself: for people, nothing rests on it.
create table relay_slots (
    slot integer primary key,
    holder text not null,
    state text not null,
    position bigint not null,
    error text,
    updated_at timestamptz not null default now()
);
