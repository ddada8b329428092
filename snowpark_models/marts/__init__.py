"""Answers to questions about Shellcorp, each at a documented grain."""
