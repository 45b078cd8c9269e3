"""The solution."""


