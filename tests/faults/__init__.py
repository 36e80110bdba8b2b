"""Daemons are killed, stopped, flooded, starved and lied to while uploads go on, and no upload is lost by it."""
