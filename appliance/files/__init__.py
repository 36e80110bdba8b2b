"""Files: upload links, lists, versions, and the job that develops them."""
