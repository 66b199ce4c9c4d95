"""Messages between the app and its windows: actions, views, notifications."""
