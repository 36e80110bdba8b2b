"""Known vulnerabilities of the parts: what is pinned, installed, built and linked, held against what is known.

`advisories.json` is what was known, on the date that it names, of the parts that nobody else answers for, with what we
do about each: the imaging library (a fork under a name that no database knows) and the storage server (whose authors
have left it). OSV, where it can be reached, knows the rest.
"""
