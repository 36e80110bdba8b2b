"""Documents and spreadsheets: LibreOffice makes a PDF of them, in the sandbox; first rows of tables, and text.

`develop.develop` is what a worker calls, `libreoffice.missing` what is said where it can't.
"""
