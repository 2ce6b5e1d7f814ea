"""Seam: access codes in locks of many makers, through a service that acts later and stands outside the EU."""

from connectors.access_seam.connector import SeamAccess

__all__ = ["SeamAccess"]
