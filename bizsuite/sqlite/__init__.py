"""Django's SQLite backend with the pragmas this product relies on (see `base.py`)."""
