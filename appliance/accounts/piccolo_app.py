"""The accounts as Piccolo knows them: their tables and the folder of their migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from appliance.accounts.tables import ApiKey, Chat, Project, User

APP_CONFIG = AppConfig(
    app_name="accounts",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[Project, User, Chat, ApiKey],
    migration_dependencies=[],
)
