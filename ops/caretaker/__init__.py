"""Who looks after storage: it sees what is away, heals what comes back, scrubs, and says how all of it is."""
