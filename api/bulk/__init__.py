"""Bulk files of a release: made once, served in parts, described as a Data Package."""
