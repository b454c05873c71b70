-- An organization of the program's own (the probe's): it has no members, and no list or default names it.

ALTER TABLE organizations ADD COLUMN is_hidden boolean NOT NULL DEFAULT false;
