"""The ledger as Piccolo knows it: its tables and the folder of its migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from appliance.ledger.tables import Asset, Version

APP_CONFIG = AppConfig(
    app_name="ledger",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[Asset, Version],
    migration_dependencies=[],
)
