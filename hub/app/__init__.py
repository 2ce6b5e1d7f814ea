"""Puts the process together: database, rules, use cases, connections, worker, and the web on top."""

from hub.app.hub import Hub

__all__ = ["Hub"]
