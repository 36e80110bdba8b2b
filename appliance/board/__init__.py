"""What the operator's dashboard shows and does, for scripts as well: `/admin/…`, for admin keys."""
