"""Care of storage: rounds of healing and scrubbing, what could not be healed, and the report of how all of it is."""
