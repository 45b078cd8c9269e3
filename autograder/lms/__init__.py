"""To and from a learning management system: its download becomes ``submitted/``, pages and points become what it can import.

What an LMS writes and reads is taken from its sources and manuals (docs/instructors.md says which); nothing is sent anywhere.
"""
