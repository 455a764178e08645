"""Clients with master data in which every rule finds what was planted for it, and one in which none finds anything."""
