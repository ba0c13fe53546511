"""Search in every message: what is indexed (text, grams), how it is asked (query), found (walking) and shown (results).

The index is two columns beside the text, kept by the model's fields, and one index over them for each database.
"""
