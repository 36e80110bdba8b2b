"""Assets of any kind: the whole life of one."""
