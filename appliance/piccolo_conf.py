"""Where Piccolo finds the database and the tables: the names `DB` and `APP_REGISTRY` are its convention."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

from appliance.config import current

DB = PostgresEngine(config={"dsn": current().need("database_url").database_url})
APP_REGISTRY = AppRegistry(
    apps=[f"appliance.{package}.piccolo_app" for package in ("ledger", "accounts", "webhooks", "settings")]
)
