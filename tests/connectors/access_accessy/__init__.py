"""Tests of access_accessy."""
