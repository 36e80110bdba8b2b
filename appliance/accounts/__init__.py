"""Who may do what: projects, server keys, browsers' tokens, single-use tickets."""
