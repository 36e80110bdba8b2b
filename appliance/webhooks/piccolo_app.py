"""The webhooks as Piccolo knows them. A webhook goes with its project, so those tables come first."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from appliance.webhooks.tables import Attempt, Webhook

APP_CONFIG = AppConfig(
    app_name="webhooks",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[Webhook, Attempt],
    migration_dependencies=["appliance.accounts.piccolo_app"],
)
