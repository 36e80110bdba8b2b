"""The soak: an appliance under load and harm for a long time, and what became of it."""
