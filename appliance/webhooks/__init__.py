"""Webhooks: the fourth reader of the log; each has a cursor that moves on only when its receiver has said yes."""
