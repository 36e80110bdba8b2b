"""Data folders made by earlier releases, which every later one has to start with.

Each folder here holds `data.tar.xz`, the drives, the database and the secrets of an appliance that was stopped, and
`made.json`: its projects with their photos by state, and the server key that was made in it. They are never made anew.
"""
