"""Profiles: what people say of themselves, checked, paid for, looked at, and published."""
