"""The review of a client's access in one quarter: frozen, put before reviewers, decided, carried out, closed, proven.

`cycle` opens and closes, `roster` freezes what is to be decided, `worksheet` and `reading` are the way to reviewers
and back, `importing` takes decisions in, `standing` says how it stands, `evidence` writes what an auditor checks. Who
can do what, and what is wrong with it, is computed by the dbt project; whether it was carried out, too
(`access.carried_out`).
"""
