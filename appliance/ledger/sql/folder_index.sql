-- A list of one folder reads no files of others. Nearly all files are photos, whose folder does without.
CREATE INDEX IF NOT EXISTS assets_in_folder ON ledger.assets (stream, folder, id DESC)
    WHERE folder <> 'images' AND state NOT IN ('deleting', 'deleted');
