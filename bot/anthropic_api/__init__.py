"""Anthropic's organisation APIs over HTTP: pages in, frozen records out."""
