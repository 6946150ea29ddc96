"""The ledger of facts, what is read from it, and the users: SQLite or PostgreSQL."""
