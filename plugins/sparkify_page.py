"""The page "Sparkify" in the navigation of Airflow's UI."""

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class SparkifyPage(AirflowPlugin):
    """Adds the page and its routes to the api-server."""

    name = "sparkify_page"

    # Without a slash in front, it follows the UI's base address when that has a path (Airflow: plugins).
    external_views = [  # noqa: RUF012 - Airflow takes views out of it that it refuses
        {"name": "Sparkify", "href": "sparkify/", "url_route": "sparkify", "destination": "nav"}
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # Airflow reads it as an attribute
        """The app, which only the api-server asks for: every task loads this file, and has no use for FastAPI."""
        from sparkify.observe.app import app

        return [{"app": app, "url_prefix": "/sparkify", "name": "Sparkify"}]
