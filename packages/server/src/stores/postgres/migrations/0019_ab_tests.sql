-- A/B tests: a label of a prompt as a weighted split over versions (docs/ab-tests.md).

CREATE TABLE ab_tests (
  id               text              PRIMARY KEY,
  project_id       text              NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  prompt_name      text              NOT NULL,
  label            text              NOT NULL,
  name             text,
  hypothesis       text,
  -- As it was written down last: what the clock has done since follows from start_at and end_at.
  state            text              NOT NULL CHECK (state IN ('draft', 'scheduled', 'running', 'paused', 'ended')),
  salt             text              NOT NULL,
  unit             text              NOT NULL CHECK (unit IN ('user', 'session', 'trace', 'none')),
  key_as           text              NOT NULL CHECK (key_as IN ('id', 'slot')),
  cache_seconds    integer           NOT NULL,
  environments     text[],           -- NULL: all but those of the product and of SDK experiments
  primary_measure  text              NOT NULL,
  smallest_effect  double precision  NOT NULL,
  arms             jsonb             NOT NULL, -- [{version, share}] with the shares of now, control first
  start_at         timestamptz,
  end_at           timestamptz,
  ended_at         timestamptz,
  end_reason       text              CHECK (end_reason IN ('by-hand', 'end-time', 'label-moved', 'version-deleted')),
  shipped_version  integer,
  created_by       text,             -- the id of a person, who may be gone; NULL: a key
  created_at       timestamptz       NOT NULL,
  updated_at       timestamptz       NOT NULL,
  result           jsonb             -- by phase, frozen after the end, so that retention of traces cannot take it
);
CREATE UNIQUE INDEX ab_tests_open ON ab_tests (project_id, prompt_name, label)
  WHERE state IN ('scheduled', 'running', 'paused');
CREATE INDEX ab_tests_newest ON ab_tests (project_id, created_at DESC, id DESC);
-- What the job looks at: all that is open, or ended and not frozen yet.
CREATE INDEX ab_tests_under_way ON ab_tests (project_id)
  WHERE state IN ('scheduled', 'running', 'paused') OR (state = 'ended' AND result IS NULL);

-- A stretch of running; the pause is between two. A phase is the time under one set of shares. Shares changed during a pause are
-- a stretch of no length: nothing ran under them yet.
CREATE TABLE ab_test_phases (
  test_id   text         NOT NULL REFERENCES ab_tests (id) ON DELETE CASCADE,
  stretch   integer      NOT NULL,
  number    integer      NOT NULL,
  from_at   timestamptz  NOT NULL,
  to_at     timestamptz,
  shares    jsonb        NOT NULL, -- percent, in the order of the arms
  segments  jsonb        NOT NULL, -- [[from, to, arm]] over 0 … 9999
  PRIMARY KEY (test_id, stretch)
);

CREATE TABLE ab_test_snapshots (
  test_id  text         NOT NULL REFERENCES ab_tests (id) ON DELETE CASCADE,
  phase    integer      NOT NULL,
  at       timestamptz  NOT NULL, -- the hour it stands for
  arms     jsonb        NOT NULL, -- the primary measure: [{arm, difference, low, high}]
  result   jsonb,                 -- whole, of the newest alone
  PRIMARY KEY (test_id, phase, at)
);
