"""The two engines, PostgreSQL and NATS, run from their wheels; the public face is dispatch.embedded."""
