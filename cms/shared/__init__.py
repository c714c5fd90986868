"""The floor: what every app stands on. Imports Django, nothing of ours."""
