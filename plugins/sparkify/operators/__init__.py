"""The operators, one class a module."""
