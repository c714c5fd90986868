"""The admin: its pages, dialogs, permissions and their cost in queries."""
