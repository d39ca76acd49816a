"""Reports as documents: figures in, bytes out. Knows no database; the same figures give the same bytes."""
