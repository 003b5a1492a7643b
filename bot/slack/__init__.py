"""Slack, the edge: listeners acknowledge, call one service, render, respond."""
