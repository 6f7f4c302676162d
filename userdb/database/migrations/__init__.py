"""How the tables came to be what userdb/models.py says: one file for each step, never changed once it is released."""
