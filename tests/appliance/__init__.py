"""The appliance as its clients meet it: over the edge, on the real stack."""
