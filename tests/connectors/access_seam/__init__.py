"""Tests of access_seam."""
