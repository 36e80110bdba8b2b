from tests.ledger.conftest import book, database_url, postgres, shared_url, valkey

__all__ = ["book", "database_url", "postgres", "shared_url", "valkey"]
