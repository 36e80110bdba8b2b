"""Backups: ledger and objects in a folder or another S3, and an empty appliance filled from them.

A store holds `objects/<2 hex>/<62 hex>`, each object once, named by its SHA-256; and for each backup
`backups/<stamp>/`: `ledger.dump` (pg_dump's custom format), `objects.jsonl.gz` (what the ledger referred to at that
moment, an array a line as Reference has it), and `manifest.json`, written last: without it there is no backup.
"""
