-- The default makes files of their own for each column from 10 MB on, which one commit of the journal reaches: some 300 files
-- for 4,000 rows. One file until then: half the CPU of an insert.
ALTER TABLE observations ON CLUSTER '{cluster}' MODIFY SETTING min_bytes_for_wide_part = 268435456;
