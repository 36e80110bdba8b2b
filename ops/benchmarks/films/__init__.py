"""A library of videos made anew, against a plain shell loop over the same files: the parts of that benchmark."""
