-- Fields above 1 MB lie in blobs; a row that has the beginning of such fields names them.
ALTER TABLE observations ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS payload_blobs Array(String) CODEC(ZSTD(1));
