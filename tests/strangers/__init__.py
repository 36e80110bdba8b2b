"""The appliance on an S3 of other people, and on a Postgres that runs elsewhere."""
