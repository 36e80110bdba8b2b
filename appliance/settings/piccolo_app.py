"""The settings as Piccolo knows them: their tables and the folder of their migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from appliance.settings.tables import Change, Published, Stored

APP_CONFIG = AppConfig(
    app_name="settings",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[Stored, Published, Change],
    migration_dependencies=[],
)
