"""Videos made anew with everything they hold: only the pictures are encoded again, and what came of it is verified."""
